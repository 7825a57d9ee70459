"""A plan of every job kind, and of the choices inside a kind that bring other actions in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from schemas.kinds import REQUEST_SCHEMAS
from service.ledger.ids import new_id
from service.ledger.plan import Plan, PlanContext
from service.ledger.plans import build_plan

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
LAB_ID = new_id("lab", 1_700_000_000.0)
VM_ID = "11111111-2222-3333-4444-555555555555"
_SECRET = {"ref": "env:MATRYOSHKA_SECRET_X"}
_IMAGE = {"id": "img_1", "name": "ws2022", "path": r"C:\Images\ws2022.vhdx", "sha256": "ab" * 32}


def requests_of_all_kinds() -> Iterator[dict[str, Any]]:
    """Yield a loaded request of every example, and of the variants that change the plan."""
    for path in sorted(EXAMPLES.glob("*.json")):
        yield _loaded(json.loads(path.read_text(encoding="utf-8")))
    cluster = json.loads((EXAMPLES / "nested_cluster.json").read_text(encoding="utf-8"))
    yield _loaded(cluster | _domain_and_storage(cluster))
    yield _loaded(cluster | {"baseline_probe": True, "smoke_test": {"enabled": False}})


def plans_of_all_kinds() -> Iterator[tuple[dict[str, Any], Plan]]:
    """Yield each request with its plan; jobs on a lab see a cluster that was built, and once a nested VM."""
    requests = list(requests_of_all_kinds())
    built = [request for request in requests if request["kind"] in ("nested_cluster", "nested_vm")]
    for request in requests:
        for lab_request in built if request["kind"] in ("teardown", "verify_lab") else built[:1]:
            yield request, build_plan(request, context_of(lab_request, _power_before(request)))


def _power_before(request: Mapping[str, Any]) -> str:
    return "stopped" if request["kind"] == "start_lab" else "running"


def context_of(built: Mapping[str, Any], power: str = "running") -> PlanContext:
    """Return what the ledger knows of a lab that this request built."""
    lab = {"id": LAB_ID, "request": dict(built), "facts": {**lab_facts(), "lab.power": power}, "state": "ready"}
    return PlanContext(LAB_ID, {"id": "host_1", "storage_path": r"D:\Labs", "report": None}, _IMAGE, lab)


def lab_facts() -> dict[str, Any]:
    """Return the facts of a lab of three nodes."""
    return {f"node.nest-{number}.vm_id": VM_ID for number in (1, 2, 3)}


def _loaded(body: Mapping[str, Any]) -> dict[str, Any]:
    request: dict[str, Any] = REQUEST_SCHEMAS[body["kind"]]().load(dict(body))
    return request


def _domain_and_storage(cluster: Mapping[str, Any]) -> dict[str, Any]:
    joining = {"username": r"LAB\joiner", "password": _SECRET}
    witness = {"kind": "cloud", "account_name": "store", "access_key": _SECRET}
    parts = {name: value for name, value in cluster["cluster"].items() if name not in ("access_point", "witness")}
    return {
        "guest": {"access": "winrm"},
        "identity": {"mode": "domain", "domain": "lab.example", "join_credential": joining},
        "nodes": cluster["nodes"] | {"data_disks": [{"size_gib": 100}, {"size_gib": 100}]},
        "cluster": parts | {"storage": "s2d", "witness": witness},
    }
