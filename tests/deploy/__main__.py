"""Checks of what `deploy/` holds, by the field's own tools: `python -m tests.deploy` (make check-deploy).

Needs Go (it builds helm, kubeconform, promtool and a loader of compose files, pinned, into build/tools) and systemd.
What is missing is named and fails the run unless `--lenient`. Nothing is started and no cluster is asked.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.deploy.kinds import write_crd_schemas, write_kubernetes_schemas

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "build" / "tools"
CHART = ROOT / "deploy" / "helm" / "matryoshka"
HELM = "helm.sh/helm/v3/cmd/helm@v3.22.0"
KUBECONFORM = "github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0"
# The oldest that the chart names, and the newest whose schemas the package carries.
KUBERNETES = ("1.27.0", "1.37.0")
# Values beside the defaults: everything on.
EVERYTHING = (
    "api.autoscaling.enabled=true",
    "worker.keda.enabled=true",
    "worker.keda.authenticationRef=ledger",
    "ingress.enabled=true",
    "ingress.tlsSecretName=tls",
    "networkPolicy.webhooks.cidrs={203.0.113.0/24}",
    "networkPolicy.identityProvider.cidrs={198.51.100.0/24}",
    "networkPolicy.vault.cidrs={198.51.100.9/32}",
    "ledger.cidrs={192.0.2.7/32}",
    "metrics.enabled=true",
    "metrics.podMonitor.enabled=true",
    "networkPolicy.collector.cidrs={198.51.100.8/32}",
    "worker.env.OTEL_EXPORTER_OTLP_ENDPOINT=http://198.51.100.8:4318",
    "ledger.tlsSecret.name=ledger-tls",
    "ledger.tlsSecret.clientCertificate=true",
    "broker.urlSecret.name=rabbit",
    "networkPolicy.broker.cidrs={192.0.2.9/32}",
    "ledger.sentinelPort=26379",
    "api.extraVolumes[0].name=chat",
    "api.extraVolumes[0].secret.secretName=chat",
    "api.extraVolumeMounts[0].name=chat",
    "api.extraVolumeMounts[0].mountPath=/chat",
    "worker.extraVolumes[0].name=vault-token",
    "worker.extraVolumes[0].secret.secretName=vault-token",
    "worker.extraVolumeMounts[0].name=vault-token",
    "worker.extraVolumeMounts[0].mountPath=/vault",
)
# Values, and what must then stand in the manifests, and how often.
SHOWN = {
    EVERYTHING: {
        "- {port: 26379, protocol: TCP}": 2,
        "mountPath: /chat": 1,
        "secretName: chat": 1,
        "mountPath: /vault": 1,
        "secretName: vault-token": 1,
        "maxUnavailable: 1": 1,  # a single worker must not keep its node from being drained
        "minAvailable: 1": 1,
    },
    # Workers scale on the queues of whichever server carries wake-ups.
    ("worker.keda.enabled=true", "worker.keda.database=3"): {
        "type: redis": 2,
        'databaseIndex: "3"': 2,
        "type: rabbitmq": 0,
        "kind: TriggerAuthentication": 0,
    },
    ("worker.keda.enabled=true", "broker.urlSecret.name=rabbit"): {
        "type: redis": 0,
        "type: rabbitmq": 2,
        "kind: TriggerAuthentication": 1,
    },
}
# What the values schema must refuse.
WRONG = (
    "ledger.port=0",
    "worker.env.PATH=x",
    "baseUrl=ftp://x",
    "api.replica=3",
    "networkPolicy.windowsHosts.cidrs={all}",
    "metrics.port=0",
)


class CheckFailed(Exception):
    """A check found a fault; the text is the tool's own."""


@dataclass(frozen=True)
class Check:
    """One check: the programs that it needs, and what it does."""

    name: str
    needs: tuple[str, ...]
    run: Callable[[], None]


def run(arguments: Sequence[str | Path], *, environment: Mapping[str, str] | None = None, text: str = "") -> str:
    """Run a tool and return its output; raises CheckFailed with what it printed when it ends with an error."""
    done = subprocess.run(
        [str(one) for one in arguments],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    if done.returncode:
        raise CheckFailed(f"{' '.join(str(one) for one in arguments[:4])} ...\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def go_tool(package: str) -> Path:
    """Build a Go program at its pinned version, once; return where it is."""
    program = TOOLS / package.partition("@")[0].rpartition("/")[2]
    if not program.exists():
        run(["go", "install", package], environment={"GOBIN": str(TOOLS)})
    return program


def check_dockerfile() -> None:
    """The Dockerfile is without a finding of hadolint."""
    run([Path(sys.executable).with_name("hadolint"), ROOT / "deploy" / "Dockerfile"])


def check_compose() -> None:
    """The compose file loads as Docker Compose loads it, and one with a misspelled word does not."""
    program, source = TOOLS / "compose", ROOT / "tests" / "deploy" / "compose"
    run(["go", "build", "-C", source, "-o", program, "."])
    compose = ROOT / "deploy" / "compose.yaml"
    run([program, compose])
    run([program, compose, compose.with_name("compose.observability.yaml")])
    wrong = TOOLS / "wrong-compose.yaml"
    wrong.write_text(compose.read_text().replace("restart:", "restrat:"))
    must_fail([program, wrong])


def check_alerts() -> None:
    """Prometheus takes its configuration and the rules; each alert fires in its test and is silent in another."""
    program = TOOLS / "promtool"
    if not program.exists():
        package = "github.com/prometheus/prometheus/cmd/promtool"
        run(["go", "build", "-C", ROOT / "tests" / "deploy" / "promtool", "-p", "1", "-o", program, package])
    folder = ROOT / "deploy" / "observability" / "prometheus"
    run([program, "check", "config", folder / "prometheus.yml"])
    run([program, "check", "rules", folder / "matryoshka.rules.yml"])
    run([program, "test", "rules", folder / "matryoshka.rules.test.yml"])
    wrong = TOOLS / "wrong-rules"
    shutil.rmtree(wrong, ignore_errors=True)
    shutil.copytree(folder, wrong)
    rules = wrong / "matryoshka.rules.yml"
    rules.write_text(rules.read_text().replace("> 300", "> 3000"))
    must_fail([program, "test", "rules", wrong / "matryoshka.rules.test.yml"])


def check_chart() -> None:
    """The chart is without a finding of helm lint; its values schema refuses what it must."""
    helm = go_tool(HELM)
    run([helm, "lint", "--strict", CHART])
    run([helm, "lint", "--strict", CHART, *settings(EVERYTHING)])
    for wrong in WRONG:
        must_fail([*template(helm, KUBERNETES[0]), *settings((wrong,))])


def check_manifests() -> None:
    """What the chart renders, with its defaults and with everything on, is what Kubernetes and KEDA take."""
    helm, kubeconform = go_tool(HELM), go_tool(KUBECONFORM)
    crds = write_crd_schemas(TOOLS / "crds")
    for values in ((), *SHOWN):
        for version in KUBERNETES:
            manifests = run([*template(helm, version), *settings(values)])
            own = write_kubernetes_schemas(TOOLS / "kubernetes", version)
            options = ["-strict", "-kubernetes-version", version, "-schema-location", own, "-schema-location", crds]
            run([kubeconform, *options], text=manifests)
            must_fail([kubeconform, *options], text=manifests.replace("containerPort: 8080", "containerPort: web"))


def check_values() -> None:
    """Values reach the manifests: the ways to the ledger, files that are mounted, budgets, what KEDA sees."""
    for values, texts in SHOWN.items():
        shown = run([*template(go_tool(HELM), KUBERNETES[0]), *settings(values)])
        for text, times in texts.items():
            if shown.count(text) != times:
                raise CheckFailed(f"{text!r} stands {shown.count(text)} times in the manifests, not {times}: {values}")


def check_units() -> None:
    """The units are without a word of systemd-analyze, which calls their exposure no worse than 2.0."""
    root = TOOLS / "systemd"
    shutil.rmtree(root, ignore_errors=True)
    units = root / "etc" / "systemd" / "system"
    shutil.copytree(ROOT / "deploy" / "systemd", units)
    shutil.copytree(ROOT / "deploy" / "bin", root / "opt" / "matryoshka" / "deploy" / "bin")
    for unit in ("matryoshka-api.service", "matryoshka-worker@1.service"):
        said = run(["systemd-analyze", "verify", f"--root={root}", "--recursive-errors=no", unit])
        if said.strip():
            raise CheckFailed(said)
        run(["systemd-analyze", "security", "--offline=true", "--threshold=20", f"--root={root}", unit])


def template(helm: Path, version: str) -> list[str | Path]:
    """Return the call that renders the chart for a version of Kubernetes."""
    return [helm, "template", "m", CHART, "--kube-version", version]


def must_fail(arguments: Sequence[str | Path], text: str = "") -> None:
    """Run a tool on what is wrong; raises CheckFailed when it finds nothing."""
    try:
        run(arguments, text=text)
    except CheckFailed:
        return
    raise CheckFailed(f"{' '.join(str(one) for one in arguments)}: a fault was not found")


def settings(values: Sequence[str]) -> list[str]:
    """Return helm's arguments for these values."""
    return [part for value in values for part in ("--set", value)]


CHECKS = (
    Check("Dockerfile (hadolint)", (), check_dockerfile),
    Check("compose file (compose-go)", ("go",), check_compose),
    Check("alerts (promtool)", ("go",), check_alerts),
    Check("systemd units (systemd-analyze)", ("systemd-analyze",), check_units),
    Check("chart (helm lint)", ("go",), check_chart),
    Check("manifests (kubeconform)", ("go",), check_manifests),
    Check("values (helm template)", ("go",), check_values),
)


def main() -> int:
    """Run every check; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lenient", action="store_true", help="a missing program is said, and is no failure")
    lenient = parser.parse_args().lenient
    TOOLS.mkdir(parents=True, exist_ok=True)
    failed = 0
    for check in CHECKS:
        missing = [name for name in check.needs if shutil.which(name) is None]
        if missing:
            print(f"not run  {check.name}: needs {', '.join(missing)}")
            failed += not lenient
            continue
        try:
            check.run()
        except CheckFailed as error:
            print(f"FAILED   {check.name}\n{error}")
            failed += 1
        else:
            print(f"ok       {check.name}: {check.run.__doc__}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
