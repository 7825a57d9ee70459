{{- define "matryoshka.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end -}}
{{- end -}}

{{- define "matryoshka.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "matryoshka.labels" -}}
{{ include "matryoshka.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "matryoshka.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- define "matryoshka.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "matryoshka.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* What both programs are told. */}}
{{- define "matryoshka.env" -}}
- name: MATRYOSHKA_REDIS_URL
  valueFrom: {secretKeyRef: {name: {{ .Values.ledger.urlSecret.name | quote }}, key: {{ .Values.ledger.urlSecret.key | quote }}}}
{{- if .Values.ledger.tlsSecret.name }}
- name: MATRYOSHKA_REDIS_CA_FILE
  value: /ledger-tls/ca.crt
{{- if .Values.ledger.tlsSecret.clientCertificate }}
- name: MATRYOSHKA_REDIS_CERT_FILE
  value: /ledger-tls/tls.crt
- name: MATRYOSHKA_REDIS_KEY_FILE
  value: /ledger-tls/tls.key
{{- end }}
{{- end }}
{{- with .Values.broker.urlSecret }}
{{- if .name }}
- name: MATRYOSHKA_BROKER_URL
  valueFrom: {secretKeyRef: {name: {{ .name | quote }}, key: {{ .key | quote }}}}
{{- end }}
{{- end }}
- name: MATRYOSHKA_BASE_URL
  value: {{ .Values.baseUrl | quote }}
{{- if .Values.metrics.enabled }}
- name: MATRYOSHKA_METRICS_LISTEN
  value: {{ printf "0.0.0.0:%d" (int .Values.metrics.port) | quote }}
{{- end }}
{{- end -}}

{{/* Whose certificates the ledger's server has, and a client certificate for it. */}}
{{- define "matryoshka.tlsMount" -}}
{{- if .Values.ledger.tlsSecret.name }}
- {name: ledger-tls, mountPath: /ledger-tls, readOnly: true}
{{- end }}
{{- end -}}

{{- define "matryoshka.tlsVolume" -}}
{{- with .Values.ledger.tlsSecret }}
{{- if .name }}
- name: ledger-tls
  secret: {secretName: {{ .name | quote }}, defaultMode: 0440}
{{- end }}
{{- end }}
{{- end -}}

{{- define "matryoshka.ledgerPeers" -}}
{{- if .Values.ledger.cidrs }}
{{- range .Values.ledger.cidrs }}
- ipBlock: {cidr: {{ . | quote }}}
{{- end }}
{{- else }}
- podSelector: {{ toJson .Values.ledger.podSelector }}
  {{- with .Values.ledger.namespaceSelector }}
  namespaceSelector: {{ toJson . }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "matryoshka.ledgerPorts" -}}
- {port: {{ .Values.ledger.port }}, protocol: TCP}
{{- with .Values.ledger.sentinelPort }}
- {port: {{ . }}, protocol: TCP}
{{- end }}
{{- end -}}

{{/* Ways out to networks and their ports; those without a network are left out. */}}
{{- define "matryoshka.places" -}}
{{- range . }}
{{- if .cidrs }}
- to:
    {{- range .cidrs }}
    - ipBlock: {cidr: {{ . | quote }}}
    {{- end }}
  ports:
    {{- range .ports }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Who may scrape metrics. */}}
{{- define "matryoshka.scrapers" -}}
{{- if .Values.metrics.enabled }}
- ports: [{port: metrics, protocol: TCP}]
  {{- with .Values.networkPolicy.metricsFrom }}
  from: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end -}}
