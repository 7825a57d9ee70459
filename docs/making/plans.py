"""The plan of each job kind's example: the committed request, and a host, an image and a lab such as one has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas.kinds import REQUEST_SCHEMAS
from service.ledger.plan import Plan, PlanContext
from service.ledger.plans import build_plan

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
LAB_ID = "lab_00000000000000000000000000"
_HOST = {"id": "host_00000000000000000000000000", "name": "hv1", "storage_path": r"D:\Labs", "report": None}
_IMAGE = {
    "id": "img_00000000000000000000000000",
    "name": "ws2022",
    "path": r"D:\Images\ws2022.vhdx",
    "sha256": "ab" * 32,
    "os_build": 20348,
    "edition": "datacenter",
}
_ANY_LAB = ("teardown", "verify_lab")
_NODES = ("nest-1", "nest-2", "nest-3")


def example_text(kind: str) -> str:
    """Return the committed example of a kind, as it is written."""
    return (EXAMPLES / f"{kind}.json").read_text(encoding="utf-8")


def example_plan(kind: str) -> Plan:
    """Return the plan of a kind's example; a kind that works on a lab finds the cluster of its example built."""
    return _plan(kind, _loaded(kind), _loaded("nested_cluster"))


def other_plans(kind: str) -> list[Plan]:
    """Return plans of requests, and on labs, whose choices bring other actions in than the example."""
    own, cluster = _loaded(kind), _loaded("nested_cluster")
    if kind in ("nested_cluster", "nested_host"):
        return [_plan(kind, _in_domain(own), cluster)]
    return [
        _plan(kind, own, _in_domain(cluster)),
        *([_plan(kind, own, _loaded("nested_vm"))] if kind in _ANY_LAB else []),
    ]


def _plan(kind: str, request: Mapping[str, Any], built: Mapping[str, Any]) -> Plan:
    return build_plan(request, PlanContext(LAB_ID, _HOST, _IMAGE, _lab(kind, built)))


def _in_domain(request: dict[str, Any]) -> dict[str, Any]:
    joining = {"username": r"LAB\joiner", "password": {"ref": "env:MATRYOSHKA_SECRET_JOINER"}}
    changed = request | {"identity": {"mode": "domain", "domain": "lab.example", "join_credential": joining}}
    if "cluster" not in request:
        return changed
    witness = {"kind": "cloud", "account_name": "store", "access_key": {"ref": "env:MATRYOSHKA_SECRET_STORE"}}
    disks = {"data_disks": [{"size_gib": 100}, {"size_gib": 100}]}
    return changed | {
        "nodes": request["nodes"] | disks,
        "cluster": request["cluster"] | {"storage": "s2d", "witness": witness},
    }


def _lab(kind: str, built: Mapping[str, Any]) -> Mapping[str, Any]:
    facts = {f"node.{name}.vm_id": f"11111111-2222-3333-4444-00000000000{number}" for number, name in enumerate(_NODES)}
    facts["lab.power"] = "stopped" if kind == "start_lab" else "running"
    return {"id": LAB_ID, "request": built, "facts": facts, "state": "ready"}


def _loaded(kind: str) -> dict[str, Any]:
    request: dict[str, Any] = REQUEST_SCHEMAS[kind]().load(json.loads(example_text(kind)))
    return request
