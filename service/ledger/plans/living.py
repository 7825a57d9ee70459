"""What a lab's record says about what was built. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from service.ledger.plan import PlanContext

_WITH_NODES = frozenset({"nested_cluster", "nested_host"})


def built_request(context: PlanContext) -> Mapping[str, Any]:
    """Return the request that built the lab; empty when the lab is not known."""
    return (context.lab or {}).get("request") or {}


def lab_facts(context: PlanContext) -> Mapping[str, Any]:
    """Return the facts that building it left."""
    return (context.lab or {}).get("facts") or {}


def lab_context(context: PlanContext) -> PlanContext:
    """Return the context with the lab's own id, so that paths and names come out as they were built."""
    return replace(context, lab_id=(context.lab or {}).get("id") or context.lab_id)


def lab_nodes(context: PlanContext) -> dict[str, str]:
    """Return the VM ids of the nodes that the lab made itself, by name; those that were never made are not in it."""
    if built_request(context).get("kind") not in _WITH_NODES:
        return {}
    known = lab_facts(context)
    names = (key.removeprefix("node.").removesuffix(".vm_id") for key in known if _is_vm_id(key))
    return {name: str(known[f"node.{name}.vm_id"]) for name in names}


def _is_vm_id(key: str) -> bool:
    return key.startswith("node.") and key.endswith(".vm_id")
