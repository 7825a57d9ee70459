"""What stands before the beginning of a job, read from its request."""

from __future__ import annotations

import pytest

from schemas.job import JobRequestSchema
from schemas.kinds import REQUEST_SCHEMAS
from schemas.request import without_blanks
from schemas.secret import new_secrets, split_secrets, with_references
from service.api.examples import request_examples
from service.ledger.gates import gate_of
from service.ledger.store import Gate


def test_plain_request_has_no_gate_of_its_own() -> None:
    """Without words about it a job has no gate but what its host demands, and only looking is never gated."""
    assert Gate(host_gates=True) == gate_of({"kind": "nested_host"})
    assert Gate() == gate_of({"kind": "inspect_host"}) == gate_of({"kind": "verify_lab"})


def test_gate_is_read_from_the_loaded_request() -> None:
    """Times are read in any offset, and an approval has a day by default."""
    body = {"approval": {"reason": "r"}, "not_before": "2027-01-01T01:00:00+01:00", "start_deadline_seconds": 60}
    loaded = JobRequestSchema().load({"kind": "inspect_host", "host": {"name": "h"}, **body})

    assert "2027-01-01T00:00:00.000Z" == loaded["not_before"]
    assert Gate(True, 86400, "r", False, 1_798_761_600.0, 60) == gate_of(loaded)
    assert not gate_of({"kind": "x", "approval": {"required": False}}).approval


@pytest.mark.parametrize("kind", sorted(REQUEST_SCHEMAS))
def test_kept_request_can_be_posted_again(kind: str) -> None:
    """What the ledger keeps of a request loads again to the same, with its secrets kept aside: a retry edits that."""
    loaded = JobRequestSchema().load(request_examples()[kind]["value"])
    kept, _ = split_secrets(loaded)
    again, secrets = split_secrets(JobRequestSchema().load(with_references(without_blanks(kept))))

    assert kept == again
    assert {} == new_secrets(secrets)
