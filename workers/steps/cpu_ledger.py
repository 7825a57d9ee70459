"""The CPU ledger: what each level of a lab read from its processor, what it should read, and what that proves.

Expectations: docs/sources.md H6. Only two rows are proofs: the node's hypervisor launched (event 1), and a VM in it
is Running. Every other row compares with what is documented, observed or inferred, and never fails a job. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Facts = Mapping[str, Any]
Reading = Mapping[str, Any]

_HIDDEN_MICROCODE = "FFFFFFFF"


@dataclass(frozen=True)
class Expectation:
    """What one phase of one level must read. `missing` is the reason of a row that nobody observed."""

    level: str
    phase: str
    text: str
    holds: Callable[[Reading], bool]
    missing: str
    proof: bool = False


def _guest_reads(reading: Reading, *classes: str) -> bool:
    hidden = reading["microcode_signature"].upper() == _HIDDEN_MICROCODE
    return reading["classification"] in classes and bool(reading["hypervisor_present"]) and hidden


_L0 = (
    Expectation(
        "L0",
        "before_role",
        "no hypervisor; VMX or SVM, SLAT and firmware bits visible; the processor's real microcode revision",
        lambda reading: bool(reading["classification"] == "metal"),
        "the host had its Hyper-V role before this job",
    ),
    Expectation(
        "L0",
        "after_role",
        "hypervisor present; virtualization bits hidden from the root partition; the real microcode revision",
        lambda reading: bool(reading["classification"] == "root"),
        "this job did not probe the host",
    ),
)

_L1 = (
    Expectation(
        "L1",
        "before_script",
        "hypervisor present; virtualization bits not visible; microcode FFFFFFFF",
        lambda reading: _guest_reads(reading, "guest_not_exposed"),
        "only baseline_probe starts a node before nesting is exposed, and only the first one",
    ),
    Expectation(
        "L1",
        "after_script",
        "hypervisor present; VMX or SVM, SLAT and firmware bits visible; microcode FFFFFFFF (inferred)",
        lambda reading: _guest_reads(reading, "guest_exposed", "guest_root"),
        "the node was not probed before its role",
    ),
    Expectation(
        "L1",
        "after_role",
        "the node's own hypervisor launched (event 1); virtualization bits hidden again; microcode FFFFFFFF",
        lambda reading: bool((reading.get("proof") or reading)["hypervisor_launched"]),
        "the node's role was not installed by this job",
        proof=True,
    ),
)

_L2 = Expectation(
    "L2",
    "running",
    "a VM inside the node is Running; hypervisor present; virtualization bits not visible; microcode FFFFFFFF",
    lambda reading: bool(reading["running"]),
    "no VM was started inside the node (smoke_test.enabled is false)",
    proof=True,
)


def ledger_rows(facts: Facts, nodes: list[str], *, expects_nested: bool) -> list[dict[str, Any]]:
    """Return the rows from the outermost level inwards. L2 is listed where a VM ran, or should have."""
    rows = [_row(expected, "", _host_reading(facts, expected.phase)) for expected in _L0]
    rows += [_row(expected, node, _node_reading(facts, expected.phase, node)) for node in nodes for expected in _L1]
    return [*rows, *_nested_rows(facts, nodes, expects_nested=expects_nested)]


def _nested_rows(facts: Facts, nodes: list[str], *, expects_nested: bool) -> Iterator[dict[str, Any]]:
    for node in nodes:
        found = facts.get(f"probe.L2.{node}")
        if found is None and not expects_nested:
            continue
        row = _row(_L2, node, found)
        if found is not None:
            row |= {"reading": found["probe"], "reason": "" if found["probe"] else _why_no_inside(found)}
        yield row


def _row(expected: Expectation, node: str, found: Reading | None) -> dict[str, Any]:
    return {
        "level": expected.level,
        "node": node,
        "phase": expected.phase,
        "observed": found is not None,
        "reason": "" if found is not None else expected.missing,
        "reading": found,
        "expected": expected.text,
        "verdict": _verdict(expected, found),
    }


def _verdict(expected: Expectation, found: Reading | None) -> str:
    if found is None:
        return "not_observed"
    if not expected.holds(found):
        return "unexpected"
    return "proven" if expected.proof else "as_expected"


def _host_reading(facts: Facts, phase: str) -> Reading | None:
    found: Reading | None = facts.get("probe.L0")
    if found is None:
        return None
    seen = "before_role" if found["classification"] == "metal" else "after_role"
    return found if seen == phase else None


def _node_reading(facts: Facts, phase: str, node: str) -> Reading | None:
    found: Reading | None = facts.get(f"probe.L1.{phase}.{node}")
    return found


def _why_no_inside(found: Reading) -> str:
    return f"the inside was not asked ({found['reason'] or 'no guest'}): the VM's state is the proof"
