"""Work inside a node before it is a Hyper-V host: waiting for it, its address, its domain, its firewall."""

from __future__ import annotations

from typing import Any, ClassVar

from workers.errors import NotConverged, StepRefused
from workers.steps.base import Applied, Checked, Ensure, Facts, NotYet, ReadOnly, StepContext, Wait
from workers.steps.node import first_mac, read_node
from workers.steps.targets import guest, join_credential, wait_parameters

_CALL_SECONDS = 20
_PAUSE_SECONDS = 1.0
_STOPPED_POLLS = 4
_NO_SESSION = "no_session"
_TRUSTED_NETWORKS = frozenset({"Private", "DomainAuthenticated"})


class AwaitGuest(ReadOnly):
    """Wait until a session answers in the guest and its setup is complete."""

    action: ClassVar[str] = "AwaitGuest"

    def apply(self, ctx: StepContext) -> Applied | Wait:
        """Ask for some seconds on the host, then give the worker back; the step's deadline bounds the whole."""
        answer = await_guest(ctx)
        if answer["reached"]:
            return Applied({f"node.{ctx.node}.boot_id": answer["boot_id"]})
        stopped = _polls_stopped(ctx) if answer["stage"] == _NO_SESSION else 0
        return Wait(_PAUSE_SECONDS, {"stopped": stopped}, f"waiting for the guest: {answer['stage']}")


class ConfigureGuest(Ensure):
    """Give the guest its address, names and network category; take the seed's secrets out of it."""

    action: ClassVar[str] = "ConfigureGuest"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when every single value is as asked, read in the guest now."""
        found = guest(ctx).read("Get-NestedGuestConfiguration", mac_address=_mac(ctx))
        wrong = [name for name, right in guest_settings(found, ctx.params).items() if not right]
        if wrong:
            return NotYet(f"not set: {', '.join(wrong)}")
        return Checked({f"node.{ctx.node}.address": ctx.params.get("address") or _first_address(found)})

    def apply(self, ctx: StepContext) -> Applied:
        """Set what differs. Goes over the VM bus, since the address that a WinRM session uses may change."""
        ctx.report(None, "setting the guest's address")
        guest(ctx).change(
            "Set-NestedGuestConfiguration",
            mac_address=_mac(ctx),
            address=ctx.params.get("address") or "",
            prefix_length=int(ctx.params.get("prefix_length") or 24),
            gateway=ctx.params.get("gateway") or "",
            dns_server=list(ctx.params.get("dns_servers") or ()),
            dns_suffix=ctx.params.get("dns_suffix") or "",
            host_entries=dict(ctx.params.get("host_entries") or {}),
        )
        return Applied()


class JoinDomain(ReadOnly):
    """Join the guest to a domain; RebootGuest makes it effective."""

    action: ClassVar[str] = "JoinDomain"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when the guest says that it is a member of this domain."""
        found = guest(ctx).read("Get-NestedGuestConfiguration")
        member = found["part_of_domain"] and (found["domain"] or "").lower() == ctx.params["domain"].lower()
        return Checked() if member else NotYet("the guest is not in the domain")

    def apply(self, ctx: StepContext) -> Applied:
        """Join. What Windows reports before the restart differs by version, so its answer is the read-back."""
        domain = ctx.params["domain"]
        ctx.report(None, f"joining {domain}")
        answer = guest(ctx).change(
            "Add-NestedDomainMember",
            domain=domain,
            credential=join_credential(ctx),
            organizational_unit=ctx.params.get("ou") or "",
        )
        if (answer["domain"] or "").lower() != domain.lower():
            raise NotConverged("the guest reports another domain after the join")
        return Applied()


class OpenFirewall(Ensure):
    """Enable firewall rule groups by id: their names are localized."""

    action: ClassVar[str] = "OpenFirewall"

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Done when all groups are enabled."""
        found = guest(ctx).read("Get-NestedFirewallRule", group=list(ctx.params["groups"]))
        return Checked() if found["enabled"] else NotYet("a firewall rule group is disabled")

    def apply(self, ctx: StepContext) -> Applied:
        """Enable them."""
        guest(ctx).change("Enable-NestedFirewallRule", group=list(ctx.params["groups"]))
        return Applied()


def await_guest(ctx: StepContext, *, not_boot_id: str = "") -> dict[str, Any]:
    """Ask the host to watch the guest for some seconds; returns whether it is ready, its stage and boot id."""
    who = wait_parameters(ctx)
    return ctx.host.call("Wait-NestedGuest", not_boot_id=not_boot_id, timeout_seconds=_CALL_SECONDS, **who)


def guest_settings(found: dict[str, Any], wanted: Facts) -> dict[str, bool]:
    """Return which settings of a guest are as wanted, by name; what is not asked for is right as it is."""
    address = wanted.get("address")
    entries = {name.lower(): value for name, value in (found["host_entries"] or {}).items()}
    expected = {name.lower(): value for name, value in (wanted.get("host_entries") or {}).items()}
    return {
        "address": not address or f"{address}/{int(wanted.get('prefix_length') or 24)}" in found["addresses"],
        "gateway": _unset_or_same(wanted.get("gateway"), found["gateway"]),
        "dns_servers": _unset_or_same(list(wanted.get("dns_servers") or ()), found["dns_servers"]),
        "dns_suffix": _unset_or_same(wanted.get("dns_suffix"), found["dns_suffix"]),
        "host_entries": expected.items() <= entries.items(),
        # None: Windows has not identified the network yet, so no firewall profile is wrong.
        "network_category": found["network_category"] in {*_TRUSTED_NETWORKS, None},
        "seed_removed": bool(found["seed_removed"]),
    }


def _unset_or_same(wanted: Any, found: Any) -> bool:
    return not wanted or bool(wanted == found)


def _mac(ctx: StepContext) -> str:
    # Read now: the address is given at the first start, after CreateNode noted what it saw.
    return first_mac(read_node(ctx, ctx.node_fact("vm_id"))) or str(ctx.facts.get(f"node.{ctx.node}.mac") or "")


def _first_address(found: dict[str, Any]) -> str:
    # 169.254/16 means that DHCP gave nothing; the list may also hold IPv6 addresses.
    for entry in found["addresses"]:
        if "." in entry and not entry.startswith("169.254."):
            return str(entry).split("/", 1)[0]
    return ""


def _polls_stopped(ctx: StepContext) -> int:
    """Return how many polls in a row the VM did not run; raises StepRefused when it will not come by itself."""
    state = read_node(ctx, ctx.node_fact("vm_id"))["state"]
    if state not in ("Off", "Saved", "Paused"):
        return 0
    polls = int(ctx.memo.get("stopped", 0)) + 1
    if polls > _STOPPED_POLLS:  # a host that rebooted starts its VMs by itself, one after the other
        message = f"the VM is {state} while its guest is awaited"
        remedy = "Look at the host's Hyper-V event log, start the VM, then retry the job."
        raise StepRefused(message, reason="NODE_NOT_RUNNING", remedy=remedy)
    return polls
