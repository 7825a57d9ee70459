"""The audit log's chain: what is hashed, and what a verification finds."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from service.ledger.acting import DETAIL_MAX, Acting, Actor, acting, acting_text, with_detail
from service.ledger.audit import START, Head, anchor_line, representation, sealed_line
from service.ledger.audit_verifying import verify

ACT = Acting(Actor("api_key", "key_1", "portal", "blue"), "updateHost", "192.0.2.1", "req_1", "t1")


def opened(number: int, **changes: str) -> dict[str, str]:
    """Return an open entry as the ledger has it."""
    values = json.dumps([f"host_{number}", '{"name":"hv"}', "hv", str(number), False, False])
    entry = {"at": f"1764000000.00000{number}", "act": ACT.text(), "sort": "host", "id": f"host_{number}"}
    return entry | {"before": "", "after": values} | changes


def chain(count: int, first: int = 1, prev: str = START) -> list[str]:
    """Return the lines of a good chain."""
    lines = []
    for seq in range(first, first + count):
        line, prev = sealed_line(opened(seq), seq, prev)
        lines.append(line)
    return lines


def head_of(line: str) -> Head:
    """Return the head that ends with this line."""
    entry = json.loads(line)
    return Head(entry["seq"], entry["hash"])


def forged(line: str, **changes: Any) -> str:
    """Return an entry with other members and the hash that fits them."""
    entry = json.loads(line) | changes
    del entry["hash"]
    text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    entry["hash"] = hashlib.sha256(text.encode()).hexdigest()
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def test_an_entry_says_who_what_where_and_from_what_to_what() -> None:
    """An entry has all that a reader asks for, and its hash can be made again with any SHA-256."""
    line, digest = sealed_line(opened(7), 7, "f" * 64)
    entry = json.loads(line)
    body = {name: value for name, value in entry.items() if name != "hash"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))

    assert (7, "2025-11-24T16:00:00.000007Z", "updateHost", "done") == tuple(
        entry[name] for name in ("seq", "at", "operation", "outcome")
    )
    assert entry["actor"] == {"kind": "api_key", "id": "key_1", "name": "portal", "tenant": "blue"}
    assert (entry["target"], entry["remote"], entry["request_id"]) == (
        {"sort": "host", "id": "host_7"},
        "192.0.2.1",
        "req_1",
    )
    assert entry["before"] is None
    assert entry["after"] == hashlib.sha256(representation("host", opened(7)["after"]).encode()).hexdigest()
    assert entry["hash"] == digest == hashlib.sha256(text.encode()).hexdigest()
    assert entry["prev"] == "f" * 64


def test_a_good_chain_verifies() -> None:
    """A chain from its first entry on verifies, with the head that was noted and with an older one."""
    lines = chain(5)

    assert verify(lines).found is None
    assert verify(lines, head_of(lines[4]), head_of(lines[2])).head == head_of(lines[4])
    assert verify([]).found is None


@pytest.mark.parametrize(
    ("name", "broken", "seq", "fault"),
    [
        ("text", lambda lines: [*lines[:2], lines[2].replace("portal", "nobody"), *lines[3:]], 3, "changed"),
        ("forged", lambda lines: [*lines[:2], forged(lines[2], operation="x"), *lines[3:]], 3, "changed"),
        ("twice", lambda lines: [*lines[:2], '{"actor":1,' + lines[2][1:], *lines[3:]], 3, "changed"),
        ("junk", lambda lines: [*lines[:2], "[]", *lines[3:]], 3, "changed"),
        ("dropped", lambda lines: lines[:2] + lines[3:], 3, "missing"),
        ("swapped", lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], 2, "reordered"),
        ("repeated", lambda lines: [*lines[:3], lines[1], *lines[3:]], 2, "reordered"),
        ("beheaded", lambda lines: lines[2:], 1, "missing"),
        ("cut", lambda lines: lines[:4], 5, "truncated"),
    ],
)
def test_the_first_broken_entry_is_named(name: str, broken: Any, seq: int, fault: str) -> None:
    """What was changed, dropped, swapped, repeated or cut off is found, and the first such entry named."""
    lines = chain(5)
    found = verify(broken(lines), head_of(lines[4])).found

    assert found is not None, name
    assert (seq, fault) == (found.seq, found.fault)


def test_a_log_that_was_written_anew_is_found_by_the_noted_head() -> None:
    """Whoever rewrites the whole chain cannot make it end in the head that was noted elsewhere."""
    lines = chain(3)
    anew = [forged(lines[0], operation="x")]
    for line in lines[1:]:
        anew.append(forged(line, prev=json.loads(anew[-1])["hash"]))

    assert verify(anew).found is None
    found = verify(anew, head_of(lines[2])).found
    assert found is not None
    assert (3, "changed") == (found.seq, found.fault)


def test_an_anchor_stands_for_what_was_removed() -> None:
    """The rest of a trimmed log verifies by its anchor, and only with the one that fits."""
    lines = chain(5)
    last = head_of(lines[4])
    good, _ = anchor_line("2025-11-24T16:00:01.000000Z", 6, last.hash, head_of(lines[1]))
    bad, _ = anchor_line("2025-11-24T16:00:01.000000Z", 6, last.hash, head_of(lines[0]))

    assert verify([*lines[2:], good]).found is None
    assert verify([*lines[2:], good], head_of(lines[1])).found is None
    found = verify([*lines[2:], bad]).found
    assert found is not None
    assert (1, "missing") == (found.seq, found.fault)
    found = verify([*lines[2:], good], head_of(lines[0])).found
    assert found is not None
    assert "trimmed" == found.fault


def test_a_head_is_read_as_it_is_printed() -> None:
    """SEQ:HASH goes out and in; other text is refused."""
    head = Head(12, "a" * 64)

    assert Head.parse(str(head)) == head
    for text in ("", "12", "x:" + "a" * 64, "12:abc"):
        with pytest.raises(ValueError, match="SEQ:HASH"):
            Head.parse(text)


def test_a_detail_is_given_by_whoever_makes_the_change() -> None:
    """A detail is in the entries of changes made inside; a large one leaves its hash only."""
    assert acting_text() == ""
    with with_detail({"lost": True}):
        assert acting_text() == ""
    with acting(ACT):
        with with_detail({"diff": [1]}):
            assert json.loads(acting_text())["detail"] == {"diff": [1]}
        with with_detail({"diff": "x" * DETAIL_MAX}):
            assert json.loads(acting_text())["detail"].keys() == {"truncated", "sha256"}
        assert json.loads(acting_text())["detail"] == {}
    assert acting_text() == ""
