"""What the rules find about a lab that is to be built: host, image, capacity, names, network. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from service.ledger.nesting import findings_for_host, findings_for_node
from service.ledger.nesting.judging import error, info, warning
from service.ledger.plan import Finding, PlanContext
from service.ledger.plans.capacity import capacity_findings
from service.ledger.plans.ground import demand_of
from service.ledger.plans.layout import Layout, NodePlace, node_shape

_RECORD = "the host's record and its last inspection"


def lab_findings(request: Mapping[str, Any], layout: Layout, context: PlanContext) -> tuple[Finding, ...]:
    """Return what is found about a `nested_cluster` or `nested_host` request, whatever is known of its host."""
    prefix = "#/nodes" if "nodes" in request else "#/node"
    return (
        *host_findings(context),
        *_node_findings(request, context, prefix),
        *image_findings(context, f"{prefix}/image"),
        *capacity_findings(demand_of(request), context, prefix),
        *names_taken(layout.nodes, context, prefix),
        *_switch_findings(layout, context),
        *_address_findings(request, layout),
        *_guest_findings(request),
    )


def host_findings(context: PlanContext) -> tuple[Finding, ...]:
    """Return what the nesting rules say about the host, or that it was never looked at."""
    if context.host is None:
        return (warning("HOST_UNKNOWN", "No host was chosen yet.", "Register one, or name one.", _RECORD, "#/host"),)
    report = context.host.get("report")
    if not report:
        remedy = "Run inspect_host; the job itself inspects too, and stops when the host cannot nest."
        return (warning("HOST_NOT_INSPECTED", "The host was never inspected.", remedy, _RECORD),)
    return findings_for_host(report)


def _report(context: PlanContext) -> Mapping[str, Any]:
    return (context.host or {}).get("report") or {}


def _node_findings(request: Mapping[str, Any], context: PlanContext, prefix: str) -> Iterator[Finding]:
    shape = node_shape(request)
    settings = {
        "memory_mib": shape["memory_mib"],
        "allow_small_memory": shape["allow_small_memory"],
        "processor_count": shape["processor_count"],
        "guest_build": (context.image or {}).get("os_build"),
    }
    for finding in findings_for_node(_report(context), settings):
        yield replace(finding, pointer=f"{prefix}/{finding.pointer}" if finding.pointer else "")


def image_findings(context: PlanContext, pointer: str) -> Iterator[Finding]:
    """Yield what is found about the image; `pointer` is where the request names it."""
    if context.image is None:
        remedy = "Register it with its path and SHA-256."
        yield error("IMAGE_UNKNOWN", "The catalogue has no such image.", remedy, "the image catalogue", pointer)
        return
    if context.image.get("generation") == 1:
        reason = "Nodes are generation 2 VMs, and this disk boots in generation 1 only."
        yield error("IMAGE_GENERATION", reason, "Use a UEFI disk.", "the image catalogue", pointer)
    if not context.image.get("os_build"):
        reason = "The image's OS build is not recorded, so rules about it were not judged."
        yield info("IMAGE_BUILD_UNKNOWN", reason, "Record os_build.", "the image catalogue", pointer)


def names_taken(nodes: Iterable[NodePlace], context: PlanContext, pointer: str) -> Iterator[Finding]:
    """Yield a warning for each node whose name a VM of somebody else had at the last inspection."""
    # A warning only: the report may be old. The step itself refuses what is not ours.
    taken = {str(vm["name"]).lower() for vm in _report(context).get("vms") or () if vm.get("owner") != context.lab_id}
    for node in nodes:
        if node.name.lower() in taken:
            reason = f"The host had a VM named {node.name} at its last inspection."
            yield warning("NAME_TAKEN", reason, "Choose another name, or inspect again.", _RECORD, pointer)


def _switch_findings(layout: Layout, context: PlanContext) -> Iterator[Finding]:
    network, pointer = layout.network, "#/network/switch/name"
    switches = {str(item["name"]).lower(): item for item in _report(context).get("switches") or ()}
    known = switches.get(network.switch.lower())
    if network.internal and known and known.get("owner") != context.lab_id:
        reason = f"The host had a switch named {network.switch} at its last inspection, which is not this lab's."
        yield warning("NAME_TAKEN", reason, "Choose another name.", _RECORD, pointer)
    if not network.internal and _report(context) and not known:
        reason = f"The host had no switch named {network.switch} at its last inspection."
        yield warning("SWITCH_MISSING", reason, "Create it, or use an internal switch.", _RECORD, pointer)
    if network.nat_name:
        reason = "Windows documents one NAT network a host; a second one may be refused."
        source = "Microsoft Learn: Set up a NAT network"
        yield info("ONE_NAT", reason, "Set nat to false, or share a switch.", source, "#/network/nat")


def _address_findings(request: Mapping[str, Any], layout: Layout) -> Iterator[Finding]:
    network = layout.network
    if network.chosen and not network.internal:
        reason = "Addresses were chosen from the subnet without knowing who else uses it."
        remedy = "Give addresses, or make sure that these are free."
        yield warning("ADDRESSES_CHOSEN", reason, remedy, "this plan", "#/network/addresses")
    if request["identity"]["mode"] == "domain" and network.static and not network.dns_servers:
        reason = "To join a domain a node must ask a DNS server that knows it."
        source = "observed: the most common failure of a domain join"
        yield warning("DNS_MISSING", reason, "Give dns_servers.", source, "#/network/dns_servers")


def _guest_findings(request: Mapping[str, Any]) -> Iterator[Finding]:
    username = request["guest"]["username"]
    if username.lower() != "administrator":
        reason = f"The seed sets the password of the built-in administrator; {username} must be its name in this image."
        remedy = "Leave username out, unless the image is localized."
        yield warning(
            "GUEST_NOT_ADMINISTRATOR", reason, remedy, "docs/functions.md: Set-NestedDiskSeed", "#/guest/username"
        )
