"""What a job leaves behind for its caller: the CPU ledger and a summary of the lab. Talks to no host."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from workers.steps.base import Applied, Facts, ReadOnly, StepContext
from workers.steps.cpu_ledger import ledger_rows

_BUILDERS = frozenset({"nested_cluster", "nested_host", "add_node", "remove_node"})


class PublishLab(ReadOnly):
    """Turn the job's facts into the lab's CPU ledger and summary."""

    action: ClassVar[str] = "PublishLab"

    def apply(self, ctx: StepContext) -> Applied:
        """Build both; readings that differ from what is inferred are warned about: the gates came before."""
        nodes = node_names(ctx.facts)
        rows = ledger_rows(ctx.facts, nodes, expects_nested=ctx.claim.kind in _BUILDERS)
        for row in rows:
            if row["verdict"] == "unexpected":
                ctx.warn("CPU_LEDGER_UNEXPECTED", level=row["level"], node=row["node"], phase=row["phase"])
        return Applied({"lab.probes": rows, "lab.summary": _summary(ctx.facts, nodes, rows)})


def node_names(facts: Facts) -> list[str]:
    """Return the names of the nodes that the facts know, in natural order (`nest-2` before `nest-10`)."""
    return sorted(_names(facts), key=_natural)


def _names(facts: Facts) -> Iterator[str]:
    for name in facts:
        first, _, rest = name.partition(".")
        node, _, last = rest.rpartition(".")
        if first == "node" and last == "vm_id" and node:
            yield node


def _natural(name: str) -> tuple[int, str]:
    return (len(name), name)


def _summary(facts: Facts, nodes: list[str], rows: list[dict[str, Any]]) -> dict[str, Any]:
    cluster = {name.removeprefix("cluster."): value for name, value in facts.items() if name.startswith("cluster.")}
    return {
        "nodes": [_node(facts, name) for name in nodes],
        "cluster": cluster or None,
        "nested_vms": [facts[f"nested.{name}"] | {"node": name} for name in nodes if f"nested.{name}" in facts],
        "verdicts": dict(Counter(row["verdict"] for row in rows)),
    }


def _node(facts: Facts, name: str) -> Mapping[str, Any]:
    known = ("vm_id", "mac", "address", "boot_id")
    return {"name": name, **{part: facts.get(f"node.{name}.{part}") for part in known}}
