"""One node from nothing to a proven Hyper-V host: a chain of steps, beside the chains of the other nodes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.ledger.plan import Step
from service.ledger.plans.chain import Chain
from service.ledger.plans.guests import EXPOSED, FIREWALL_GROUPS, guest_reads
from service.ledger.plans.layout import Layout, NodePlace, memory_of, node_shape
from service.ledger.plans.nominal import FIRST_BOOT_SECONDS, deadline_seconds, make_step

_NEXT_BOOT_SECONDS = 60.0  # after the baseline's boot, which finished the setup


def node_steps(
    request: Mapping[str, Any], layout: Layout, place: NodePlace, features: tuple[str, ...]
) -> tuple[Step, ...]:
    """Return the steps of one node; the last one is `open-firewall-N` when it clusters, else `prove-hypervisor-N`."""
    chain, has_baseline = Chain("verify-image", node=place.name), request["baseline_probe"] and place is layout.nodes[0]
    _make_vm(chain, request, layout, place)
    if has_baseline:
        _baseline(chain, place)
    _expose_and_boot(chain, request, place, first_boot=not has_baseline)
    _configure(chain, request, layout, place)
    install_steps(chain, request, place.name, features)
    prove_hypervisor(chain, request, place.name)
    if "cluster" in request:
        _open_firewall(chain, request, place.name)
    return (*_data_disks(request, place), *chain.steps)


def _data_disk_id(place: NodePlace, number: int) -> str:
    return f"create-data-disk-{place.name}-{number}"


def _data_disks(request: Mapping[str, Any], place: NodePlace) -> list[Step]:
    # They have no parent: they need not wait for the image.
    sizes = [disk["size_gib"] for disk in node_shape(request)["data_disks"]]
    return [
        make_step(
            "CreateDisk",
            _data_disk_id(place, number),
            f"Data disk {number} of {place.name}",
            needs=["inspect-host"],
            params={"path": path, "size_gib": size},
            node=place.name,
        )
        for number, (path, size) in enumerate(zip(place.data_disk_paths, sizes, strict=True), start=1)
    ]


def _make_vm(chain: Chain, request: Mapping[str, Any], layout: Layout, place: NodePlace) -> None:
    shape, name = node_shape(request), place.name
    disk = {"path": place.disk_path, "parent_path": layout.image_path}
    seed = {"path": place.disk_path, "computer_name": name, "time_zone": shape["time_zone"]}
    vm = {
        "name": name,
        "memory_mib": memory_of(request, name),
        "processor_count": shape["processor_count"],
        "disk_path": place.disk_path,
        "data_disk_paths": list(place.data_disk_paths),
        "switch": layout.network.switch,
        "config_path": layout.folder,
    }
    data = [_data_disk_id(place, number) for number in range(1, len(place.data_disk_paths) + 1)]
    chain.then("CreateDisk", f"create-disk-{name}", f"Disk of {name}", params=disk)
    chain.then("SeedDisk", f"seed-disk-{name}", f"Seed the disk of {name}", params=seed)
    chain.then("CreateNode", f"create-node-{name}", f"Create the VM {name}", needs=["ensure-switch", *data], params=vm)


def _baseline(chain: Chain, place: NodePlace) -> None:
    # The row "before the script" of the CPU ledger: the same guest before anything was exposed.
    name, reads = place.name, (f"node.{place.name}.vm_id",)
    probe = {"level": "L1", "phase": "before_script", "require": ["guest_not_exposed"]}
    chain.then("StartNode", f"start-baseline-{name}", f"Start {name} for the baseline", reads=reads)
    _await(chain, place, f"await-guest-baseline-{name}")
    chain.then("ProbeCpu", f"probe-before-script-{name}", f"Probe {name} before the script", params=probe, reads=reads)
    chain.then("StopNode", f"stop-{name}", f"Stop {name}", params={"turn_off": False}, reads=reads)


def _expose_and_boot(chain: Chain, request: Mapping[str, Any], place: NodePlace, *, first_boot: bool) -> None:
    shape, name, reads = node_shape(request), place.name, (f"node.{place.name}.vm_id",)
    own = memory_of(request, name)
    # What was asked for is what it gets: a small node was allowed when it was asked for.
    small = shape["allow_small_memory"] or own != shape["memory_mib"]
    memory = {"memory_mib": own, "allow_small_memory": small}
    chain.then(
        "EnableNesting",
        f"enable-nesting-{name}",
        f"Expose virtualization extensions to {name}",
        params=memory,
        reads=reads,
    )
    chain.then("StartNode", f"start-{name}", f"Start {name}", reads=reads)
    _await(chain, place, f"await-guest-{name}", FIRST_BOOT_SECONDS if first_boot else _NEXT_BOOT_SECONDS)
    _prove_exposed(chain, name)


def _await(chain: Chain, place: NodePlace, step_id: str, seconds: float = FIRST_BOOT_SECONDS) -> None:
    chain.then(
        "AwaitGuest",
        step_id,
        f"Wait for the guest of {place.name}",
        params={"timeout_seconds": deadline_seconds(seconds)},
        reads=(f"node.{place.name}.vm_id",),
        seconds=seconds,
    )


def guest_settings(layout: Layout, place: NodePlace) -> dict[str, Any]:
    """Return what ConfigureGuest gives a node: its address, its name servers and the names of all nodes."""
    network = layout.network
    return {
        "address": place.address,
        "prefix_length": network.prefix_length,
        "gateway": network.gateway if network.static else "",
        "dns_servers": list(network.dns_servers),
        "dns_suffix": network.dns_suffix,
        "host_entries": dict(layout.host_entries),
    }


def _configure(chain: Chain, request: Mapping[str, Any], layout: Layout, place: NodePlace) -> None:
    network, name, params = layout.network, place.name, guest_settings(layout, place)
    reads = (f"node.{name}.vm_id", f"node.{name}.mac")
    nat = ("ensure-nat",) if network.nat_name else ()
    chain.then("ConfigureGuest", f"configure-guest-{name}", f"Configure {name}", needs=nat, params=params, reads=reads)
    if request["identity"]["mode"] == "domain":
        _join_domain(chain, request, name)


def _join_domain(chain: Chain, request: Mapping[str, Any], name: str) -> None:
    identity, reads = request["identity"], guest_reads(request, name)
    params = {"domain": identity["domain"], "ou": identity.get("organizational_unit", "")}
    chain.then("JoinDomain", f"join-domain-{name}", f"Join {name} to {identity['domain']}", params=params, reads=reads)
    chain.then("RebootGuest", f"reboot-join-{name}", f"Restart {name} as a domain member", reads=reads)


def _open_firewall(chain: Chain, request: Mapping[str, Any], name: str) -> None:
    params = {"groups": list(FIREWALL_GROUPS)}
    title = f"Open the firewall of {name} for its cluster"
    chain.then("OpenFirewall", f"open-firewall-{name}", title, params=params, reads=guest_reads(request, name))


def reach_guest(chain: Chain, name: str, *, prove_exposed: bool) -> None:
    """Append the wait for the guest of a VM that exists and, when the role will be installed, the proof before it."""
    reads = (f"node.{name}.vm_id",)
    params = {"timeout_seconds": deadline_seconds(_NEXT_BOOT_SECONDS)}
    title = f"Wait for the guest of {name}"
    chain.then("AwaitGuest", f"await-guest-{name}", title, params=params, reads=reads, seconds=_NEXT_BOOT_SECONDS)
    if prove_exposed:
        _prove_exposed(chain, name)


def install_steps(chain: Chain, request: Mapping[str, Any], name: str, features: tuple[str, ...]) -> None:
    """Append the role and the restart that finishes it."""
    params = {"features": list(features)}
    title = f"Install {', '.join(features)} in {name}"
    chain.then("InstallRole", f"install-role-{name}", title, params=params, reads=guest_reads(request, name))
    chain.then("RebootGuest", f"reboot-{name}", f"Restart {name}", reads=guest_reads(request, name, "role"))


def prove_hypervisor(chain: Chain, request: Mapping[str, Any], name: str) -> None:
    """Append the proof that the hypervisor of the node launched since its last boot."""
    title = f"Prove that the hypervisor of {name} runs"
    chain.then("ProveHypervisor", f"prove-hypervisor-{name}", title, reads=guest_reads(request, name))


def _prove_exposed(chain: Chain, name: str) -> None:
    params = {"level": "L1", "phase": "after_script", "require": list(EXPOSED)}
    reads = (f"node.{name}.vm_id",)
    chain.then("ProbeCpu", f"probe-after-script-{name}", f"Prove that {name} sees them", params=params, reads=reads)
