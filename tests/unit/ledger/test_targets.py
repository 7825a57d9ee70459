"""Which names a job has for itself."""

from __future__ import annotations

from typing import Any

import pytest

from service.ledger.targets import targets_of

_CLUSTER = {"kind": "nested_cluster", "cluster": {"name": "HV-CL"}, "nodes": {"name_prefix": "Nest", "count": 2}}


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (_CLUSTER, ("cluster:hv-cl", "vm:nest-1", "vm:nest-2")),
        ({"cluster": {"name": "c"}, "nodes": {"names": ["A", "B"]}}, ("cluster:c", "vm:a", "vm:b")),
        ({"node": {"name": "One"}}, ("vm:one",)),
        ({"target": {"vm_name": "My VM, 2"}}, ("vm:my vm, 2",)),
        ({"target": {"vm_id": "AB-1"}}, ("vm-id:ab-1",)),
        ({"kind": "inspect_host"}, ()),
    ],
)
def test_a_request_has_every_name_that_it_makes_or_uses(request_: dict[str, Any], expected: tuple[str, ...]) -> None:
    """The cluster and each node, or the existing VM by what it was named by."""
    assert expected == targets_of(request_)


def test_a_job_on_a_lab_has_all_of_the_lab() -> None:
    """Its nodes by name and by id, so that a job on one of them as an existing VM is seen."""
    lab = {"request": _CLUSTER, "facts": {"node.Nest-1.vm_id": "AB", "node.Nest-1.mac": "0"}}

    assert ("cluster:hv-cl", "vm-id:ab", "vm:nest-1", "vm:nest-2") == targets_of({"kind": "teardown"}, lab)
