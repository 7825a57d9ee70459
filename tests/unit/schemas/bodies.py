"""Request bodies for tests: valid as they are, changed at a dotted path."""

from __future__ import annotations

import copy
from typing import Any

from marshmallow import ValidationError

from schemas import pointers
from schemas.job import JobRequestSchema

LAB_ID = "lab_" + "0" * 26
ABSENT = object()

_CLUSTER: dict[str, Any] = {
    "kind": "nested_cluster",
    "host": {"label": "purpose=lab"},
    "nodes": {"count": 3, "image": {"name": "ws2022"}},
    "network": {"switch": {"kind": "internal", "name": "lab"}, "subnet": "172.30.50.0/24"},
    "cluster": {"name": "NESTED-CL"},
}
_HOST: dict[str, Any] = {
    "kind": "nested_host",
    "host": {"name": "hv-1"},
    "node": {"image": {"name": "ws2022"}},
    "network": {"switch": {"kind": "external", "name": "LAN"}, "addressing": "dhcp"},
}
_VM: dict[str, Any] = {"host": {"name": "hv-1"}, "target": {"vm_name": "my server"}}
_BODIES: dict[str, dict[str, Any]] = {
    "nested_cluster": _CLUSTER,
    "nested_host": _HOST,
    "enable_nesting": {"kind": "enable_nesting", **_VM},
    "install_role": {"kind": "install_role", **_VM, "guest": {"password": {"value": "Passw0rd!"}}},
    "nested_vm": {
        "kind": "nested_vm",
        **_VM,
        "guest": {"password": {"value": "Passw0rd!"}},
        "nested_vm": {"name": "inner-1"},
    },
    "inspect_host": {"kind": "inspect_host", "host": {"name": "hv-1"}},
    "test_host": {"kind": "test_host", "host": {"name": "hv-1"}},
    "verify_lab": {"kind": "verify_lab", "lab_id": LAB_ID},
    "teardown": {"kind": "teardown", "lab_id": LAB_ID},
    "stop_lab": {"kind": "stop_lab", "lab_id": LAB_ID},
    "start_lab": {"kind": "start_lab", "lab_id": LAB_ID},
    "add_node": {"kind": "add_node", "lab_id": LAB_ID},
    "remove_node": {"kind": "remove_node", "lab_id": LAB_ID, "name": "nest-3"},
    "rotate_guest_password": {"kind": "rotate_guest_password", "lab_id": LAB_ID},
}
DOMAIN = {
    "mode": "domain",
    "domain": "corp.example",
    "join_credential": {"username": r"CORP\joiner", "password": {"value": "secret"}},
}


def body(kind: str = "nested_cluster", **changes: Any) -> dict[str, Any]:
    """Return a body of the kind; a change `nodes__count=2` sets `nodes.count`, ABSENT takes the member away."""
    made = copy.deepcopy(_BODIES[kind])
    for path, value in changes.items():
        *way, last = path.split("__")
        holder = made
        for part in way:
            holder = holder.setdefault(part, {})
        if value is ABSENT:
            holder.pop(last, None)
        else:
            holder[last] = value
    return made


def loaded(kind: str = "nested_cluster", **changes: Any) -> dict[str, Any]:
    """Return the loaded request of a body."""
    return JobRequestSchema().load(body(kind, **changes))


def refusals(data: Any) -> list[tuple[str, str]]:
    """Return the (pointer, code) of everything that is refused; empty when the body is valid."""
    try:
        JobRequestSchema().load(data)
    except ValidationError as error:
        return sorted((item["pointer"], item["code"]) for item in pointers(error.messages))
    return []
