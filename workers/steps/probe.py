"""Probes of a node's processor before and after the script, and the proof that its hypervisor launched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from workers.errors import StepRefused
from workers.steps.base import Applied, ReadOnly, StepContext, Wait
from workers.steps.reasons import NOT_LAUNCHED
from workers.steps.targets import guest

_BLIND = "guest_not_exposed"
_GATED_PHASES = frozenset({"after_script", "after_role"})
_SETTLE_SECONDS = 5.0
_SETTLE_TRIES = 12


class ProbeCpu(ReadOnly):
    """Read the CPU flags in the guest; after the script it is a gate before the role is installed."""

    action: ClassVar[str] = "ProbeCpu"

    def apply(self, ctx: StepContext) -> Applied:
        """Record the probe; raises StepRefused when a gated phase reads something else than the plan requires."""
        ctx.report(None, "reading the guest's CPU flags")
        reading = guest(ctx).read("Get-NestedCpuProbe")
        phase = ctx.params["phase"]
        required = tuple(ctx.params.get("require") or ())
        if required and reading["classification"] not in required:
            _complain(ctx, reading, phase)
        return Applied({f"probe.L1.{phase}.{ctx.node}": reading})


class ProveHypervisor(ReadOnly):
    """Prove that the node's hypervisor launched: event 1 of this boot. HypervisorPresent and vmms prove nothing."""

    action: ClassVar[str] = "ProveHypervisor"

    def apply(self, ctx: StepContext) -> Applied | Wait:
        """Record both; services that still start are waited for, a failure event is refused with its meaning."""
        inside = guest(ctx)
        proof = inside.read("Get-NestedHypervisorProof")
        if proof["hypervisor_launched"] and proof["vmms_running"] and proof["vm_host_answers"]:
            reading = inside.read("Get-NestedCpuProbe")
            return Applied({f"probe.L1.after_role.{ctx.node}": {**reading, "proof": proof}})
        tries = int(ctx.memo.get("tries", 0)) + 1
        if proof["failure_event_id"] or tries > _SETTLE_TRIES:
            raise _not_launched(proof)
        return Wait(_SETTLE_SECONDS, {"tries": tries}, "waiting for the node's hypervisor and its services")


def _complain(ctx: StepContext, reading: Mapping[str, Any], phase: str) -> None:
    found = reading["classification"]
    if phase not in _GATED_PHASES:
        ctx.warn("PROBE_UNEXPECTED", phase=phase, classification=found)
        return
    if found == _BLIND:
        message = "the guest sees no virtualization extensions: the role would refuse to install"
        remedy = "Run enable_nesting on the VM, and check that its host can nest."
        raise StepRefused(message, reason="CPU_FLAGS_MISSING", remedy=remedy)
    message = f"the guest's processor reads as {found}"
    raise StepRefused(message, reason="PROBE_UNEXPECTED", remedy="Look at the lab's CPU ledger for the whole reading.")


def _not_launched(proof: Mapping[str, Any]) -> StepRefused:
    event = proof["failure_event_id"]
    if event:
        meaning = NOT_LAUNCHED.get(event, "see the event log of Microsoft-Windows-Hyper-V-Hypervisor")
        message = f"the node's hypervisor did not launch (event {event}): {meaning}"
    elif proof["hypervisor_launched"]:
        message = "the node's hypervisor launched, but its management service does not answer"
    else:
        message = "the node's hypervisor did not launch since the last boot, and no event says why"
    remedy = "Check the VM's exposed extensions and the node's pending reboots, then retry the job."
    return StepRefused(message, reason="HYPERVISOR_NOT_LAUNCHED", remedy=remedy)
