"""What a caller finds: a resource of another tenant is answered as one that does not exist, before the view runs.

Every path parameter of the API stands in one of the tables below; `route` refuses one that does not. What a body or a
query names, and what lists show, the views read from the ledger as the caller's tenant sees it (`context`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from service.api.problems import not_found
from service.ledger.store import Store

# Path parameter -> the kind of record in the ledger, and its name in a 404.
OWNED: Mapping[str, tuple[str, str]] = {
    "job_id": ("job", "job"),
    "lab_id": ("lab", "lab"),
    "endpoint_id": ("endpoint", "webhook endpoint"),
    "delivery_id": ("delivery", "webhook delivery"),
}
# The operator's, for everybody to build with; and the types of events, which are the same for all.
SHARED = frozenset({"host_id", "image_id", "event_type"})
# The operator's alone: these operations have the scope `admin`.
OPERATORS = frozenset({"key_id", "tenant_id"})
_PARAMETER = re.compile(r"<(?:[^:>]+:)?([^>]+)>")


def path_parameters(rule: str) -> list[str]:
    """Return the names of a rule's path parameters."""
    return _PARAMETER.findall(rule)


def check_rule(rule: str, scope: str) -> None:
    """Refuse a rule whose parameters nobody has thought about.

    Raises:
        ValueError: a parameter is in no table, or is an operator's and the scope is not `admin`.
    """
    for name in path_parameters(rule):
        if name not in {*OWNED, *SHARED, *OPERATORS}:
            raise ValueError(f"{rule}: say in service/api/owning.py who owns what {name} leads to")
        if name in OPERATORS and scope != "admin":
            raise ValueError(f"{rule}: {name} is for the scope admin")


def refuse_foreign(store: Store, arguments: Mapping[str, Any]) -> None:
    """Let a request pass when the caller's tenant owns what its path names. Operators always pass.

    Raises:
        Problem: 404, the same for what another tenant owns and for what is not there.
    """
    if store.eyes.tenant is None:
        return
    for name, identifier in arguments.items():
        if name not in OWNED:
            continue
        kind, what = OWNED[name]
        owner = store.owners.owner(kind, identifier)
        if owner is None or not store.eyes.sees(owner):
            raise not_found(what, identifier)
