"""JSON schemas for kubeconform: of Kubernetes' own kinds, and of KEDA's and Prometheus', read from their releases."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml

KEDA = "github.com/kedacore/keda/v2@v2.18.0"
PROMETHEUS_OPERATOR = "github.com/prometheus-operator/prometheus-operator@v0.85.0"
# By module: where its definitions are, and those that the chart makes something of.
_DEFINITIONS = {
    KEDA: ("config/crd/bases", ("keda.sh_scaledobjects.yaml", "keda.sh_triggerauthentications.yaml")),
    PROMETHEUS_OPERATOR: ("example/prometheus-operator-crd", ("monitoring.coreos.com_podmonitors.yaml",)),
}

_KUBERNETES = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
# What the chart makes.
_KINDS = (
    "deployment-apps-v1.json",
    "horizontalpodautoscaler-autoscaling-v2.json",
    "ingress-networking-v1.json",
    "networkpolicy-networking-v1.json",
    "poddisruptionbudget-policy-v1.json",
    "service-v1.json",
    "serviceaccount-v1.json",
)
_SHARED = "_definitions.json#/definitions/"


def write_kubernetes_schemas(folder: Path, version: str) -> str:
    """Write a whole schema a kind of this version into `folder`; return kubeconform's pattern that finds them.

    The package keeps what kinds share in a file of its own, which kubeconform does not follow from a local file.
    """
    source, target = _KUBERNETES / f"v{version}-local-strict", folder / version
    target.mkdir(parents=True, exist_ok=True)
    definitions = json.loads((source / "_definitions.json").read_text().replace(_SHARED, "#/definitions/"))
    for kind in _KINDS:
        schema = json.loads((source / kind).read_text().replace(_SHARED, "#/definitions/"))
        (target / kind).write_text(json.dumps(schema | definitions))
    return str(target / "{{ .ResourceKind }}{{ .KindSuffix }}.json")


def write_crd_schemas(folder: Path) -> str:
    """Write one schema a kind and version into `folder`; return kubeconform's pattern that finds them."""
    folder.mkdir(parents=True, exist_ok=True)
    for module, (place, names) in _DEFINITIONS.items():
        done = subprocess.run(["go", "mod", "download", "-json", module], capture_output=True, text=True, check=True)
        for name in names:
            _write_definition(folder, Path(json.loads(done.stdout)["Dir"]) / place / name)
    return str(folder / "{{ .ResourceKind }}_{{ .ResourceAPIVersion }}.json")


def _write_definition(folder: Path, source: Path) -> None:
    definition = yaml.safe_load(source.read_text())
    kind = definition["spec"]["names"]["kind"].lower()
    for version in definition["spec"]["versions"]:
        schema = _strict(version["schema"]["openAPIV3Schema"])
        (folder / f"{kind}_{version['name']}.json").write_text(json.dumps(schema))


def _strict(schema: Any) -> Any:
    """Return the schema refusing members that it does not name, as Kubernetes' strict mode does."""
    if isinstance(schema, list):
        return [_strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _strict(value) for name, value in schema.items()}
    if "properties" in closed and "additionalProperties" not in closed and closed.get("type") == "object":
        preserves = closed.get("x-kubernetes-preserve-unknown-fields")
        # `metadata` is only named as an object: its members are Kubernetes' own.
        closed["additionalProperties"] = bool(preserves)
    return closed
