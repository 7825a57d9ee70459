"""The settings that let a VM run Hyper-V inside: each is compared on its own, and each is read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from workers.steps.base import Applied, Checked, Ensure, Facts, NotYet, StepContext, read_back
from workers.steps.node import read_node


class EnableNesting(Ensure):
    """Static memory, exposed extensions, no automatic checkpoints, MAC spoofing on every connected adapter."""

    action: ClassVar[str] = "EnableNesting"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when every single setting is as it must be."""
        if ctx.claim.attempt > 1 or ctx.memo:
            return NotYet("an earlier claim may have set it: the journal knows the values of before")
        return _checked(ctx)

    def verify(self, ctx: StepContext) -> Facts:
        """Read every setting back; raises NotConverged."""
        read_back(_checked(ctx))
        return {}

    def apply(self, ctx: StepContext) -> Applied:
        """Set what differs while the VM is Off; the answer keeps the values of before for the way back."""
        ctx.report(None, "exposing virtualization extensions")
        answer = ctx.host.change(
            "Enable-NestedVirtualization",
            vm_id=ctx.node_fact("vm_id"),
            memory_mib=_memory_mib(ctx),
            allow_small_memory=bool(ctx.params.get("allow_small_memory")),
        )
        return Applied({f"node.{ctx.node}.settings": answer["settings"]})

    def undo(self, ctx: StepContext) -> None:
        """Put the values of before back. Without a record of them the VM is left as it is, and that is said."""
        settings = ctx.facts.get(f"node.{ctx.node}.settings")
        if settings is None:
            ctx.warn("SETTINGS_LEFT", node=ctx.node)
            return
        changed = [_as_sent(row) for row in settings if row["changed"]]
        if changed:
            vm_id = ctx.node_fact("vm_id")
            ctx.host.change("Disable-NestedVirtualization", vm_id=vm_id, settings=changed)


def nesting_settings(found: Mapping[str, Any], memory_mib: int) -> dict[str, bool]:
    """Return which settings of a node record are right, by name. `memory_mib` 0: any amount is right.

    Spoofing is a feature of a switch port: an adapter without a switch refuses it and needs none.
    """
    spoofing = {
        f"MacAddressSpoofing:{adapter['name']}": adapter["mac_address_spoofing"] == "On"
        for adapter in found["adapters"]
        if adapter["switch_name"]
    }
    return {
        "DynamicMemoryEnabled": not found["dynamic_memory_enabled"],
        "MemoryStartupMib": memory_mib in (0, found["memory_startup_mib"]),
        "ExposeVirtualizationExtensions": bool(found["expose_virtualization_extensions"]),
        "AutomaticCheckpointsEnabled": not found["automatic_checkpoints_enabled"],
        **spoofing,
    }


def _checked(ctx: StepContext) -> Checked | NotYet:
    found = read_node(ctx, ctx.node_fact("vm_id"))
    wrong = [name for name, right in nesting_settings(found, _memory_mib(ctx)).items() if not right]
    # No settings changed is a fact too: there is nothing to put back then.
    return NotYet(f"not set: {', '.join(wrong)}") if wrong else Checked({f"node.{ctx.node}.settings": []})


def _memory_mib(ctx: StepContext) -> int:
    return int(ctx.params.get("memory_mib") or 0)


def _as_sent(row: Mapping[str, Any]) -> dict[str, Any]:
    # Keys of a nested object go out as they are: Microsoft's spelling, as Enable-NestedVirtualization gave them.
    return {"Setting": row["setting"], "Before": row["before"], "After": row["after"], "Changed": row["changed"]}
