"""The last steps of every lab: the smoke test in each node, then the lab is published with its CPU ledger. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from service.ledger.plan import Step
from service.ledger.plans.chain import Chain
from service.ledger.plans.guests import guest_reads
from service.ledger.plans.nominal import make_step

INNER_SWITCH = "matryoshka-inner"
SMOKE_VM = "matryoshka-smoke"
PUBLISHED = ("probe.*", "node.*", "cluster.*", "nested.*")


def smoke_steps(request: Mapping[str, Any], name: str, *needs: str) -> tuple[Step, ...]:
    """Return the inner switch and the smoke test of one node; nothing when the test is off."""
    smoke = request["smoke_test"]
    if not smoke["enabled"]:
        return ()
    chain, reads = Chain(*needs, node=name), guest_reads(request, name)
    params = {
        "name": SMOKE_VM,
        "memory_mib": smoke["memory_mib"],
        "parent_disk_path": smoke["parent_disk_path"],
        "switch": INNER_SWITCH,
    }
    inner = {"name": INNER_SWITCH}
    chain.then("CreateInnerSwitch", f"inner-switch-{name}", f"Switch inside {name}", params=inner, reads=reads)
    chain.then("SmokeTest", f"smoke-test-{name}", f"Run a nested VM in {name}", params=params, reads=reads)
    return tuple(chain.steps)


def publish_lab(steps: Iterable[Step]) -> Step:
    """Return the last step of a lab: it needs every step that nothing else needs."""
    listed = list(steps)
    needed = {need for step in listed for need in step.needs}
    ends = [step.id for step in listed if step.id not in needed]
    return make_step("PublishLab", "publish-lab", "Publish the lab", needs=ends, reads=PUBLISHED)
