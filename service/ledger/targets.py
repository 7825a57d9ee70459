"""What a job has for itself on its host while it is unfinished: names of which two jobs must not share one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.ledger.plan import Reshape
from service.ledger.plans.layout import node_names


def targets_of(
    request: Mapping[str, Any], lab: Mapping[str, Any] | None = None, reshape: Reshape | None = None
) -> tuple[str, ...]:
    """Return the targets of a request, or of a job on this lab (its `request` and `facts`); sorted.

    `cluster:<name>`, `vm:<name>` and `vm-id:<id>`, all in lower case, as Windows compares them. The lab itself is not
    among them: the ledger adds it. `reshape` names the nodes that the job will add to the lab. One VM known to one job
    by name and to another by id is seen only when a lab has it.
    """
    if lab is None:
        return tuple(sorted(_named(request)))
    ids = {f"vm-id:{str(vm_id).lower()}" for name, vm_id in lab["facts"].items() if _is_vm_id(name)}
    added = _named(reshape.request) if reshape else set[str]()
    return tuple(sorted(_named(lab["request"]) | ids | added))


def _named(request: Mapping[str, Any]) -> set[str]:
    names = {f"vm:{name.lower()}" for name in node_names(request)} if "node" in request or "nodes" in request else set()
    if "cluster" in request:
        names.add(f"cluster:{request['cluster']['name'].lower()}")
    target = request.get("target") or {}
    if target.get("vm_id"):
        names.add(f"vm-id:{target['vm_id'].lower()}")
    if target.get("vm_name"):
        names.add(f"vm:{target['vm_name'].lower()}")
    return names


def _is_vm_id(fact: str) -> bool:
    return fact.startswith("node.") and fact.endswith(".vm_id")
