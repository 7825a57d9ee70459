"""From a request to a plan: one file a job kind, one function for all of them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from service.ledger.plan import Plan, PlanContext
from service.ledger.plans import (
    add_node,
    enable_nesting,
    inspect_host,
    install_role,
    nested_cluster,
    nested_host,
    nested_vm,
    remove_node,
    rotate_guest_password,
    start_lab,
    stop_lab,
    teardown,
    test_host,
    verify_lab,
)

_KINDS: tuple[ModuleType, ...] = (
    nested_cluster,
    nested_host,
    enable_nesting,
    install_role,
    nested_vm,
    inspect_host,
    test_host,
    verify_lab,
    teardown,
    rotate_guest_password,
    stop_lab,
    start_lab,
    add_node,
    remove_node,
)
BUILDERS: Mapping[str, Callable[[Mapping[str, Any], PlanContext], Plan]] = {kind.KIND: kind.build for kind in _KINDS}


def build_plan(request: Mapping[str, Any], context: PlanContext) -> Plan:
    """Return the plan of a loaded request (its `kind` says which). The same request and context give the same plan.

    Raises KeyError for a kind that there is not; what cannot be built is a finding, not an exception.
    """
    return BUILDERS[request["kind"]](request, context)
