"""Where everything of a lab is: names, addresses and paths, from the request and what is known of the host. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from service.ledger.plan import PlanContext

DEFAULT_STORAGE = r"C:\Matryoshka"
WORKGROUP_SUFFIX = "lab.internal"
_PREVIEW_LAB = "lab"
_NAT_TAIL = 12  # characters of the lab id in a NAT's name; the random end, which differs


@dataclass(frozen=True)
class NodePlace:
    """One node's name, its address ('' leaves DHCP) and its files on the host."""

    name: str
    address: str
    disk_path: str
    data_disk_paths: tuple[str, ...]


@dataclass(frozen=True)
class NetworkPlace:
    """The lab's network. `prefix` is '' and `prefix_length` 24 when no subnet is known."""

    switch: str
    internal: bool
    static: bool
    prefix: str
    prefix_length: int
    gateway: str
    nat_name: str
    dns_servers: tuple[str, ...]
    dns_suffix: str
    chosen: bool = False


@dataclass(frozen=True)
class Layout:
    """The whole of a lab that is to be built."""

    folder: str
    image_path: str
    nodes: tuple[NodePlace, ...]
    network: NetworkPlace
    cluster_address: str = ""
    host_entries: Mapping[str, str] = field(default_factory=dict)


def layout_of(request: Mapping[str, Any], context: PlanContext) -> Layout:
    """Return the layout of a `nested_cluster` or `nested_host` request. The same input gives the same layout."""
    names, shape = node_names(request), node_shape(request)
    network = _network(request, context)
    addresses, cluster_address = _addresses(request, network, len(names))
    folder = lab_folder(context)
    nodes = tuple(
        NodePlace(name, address, f"{folder}\\{name}\\{name}.vhdx", _data_disks(f"{folder}\\{name}", shape))
        for name, address in zip(names, addresses, strict=True)
    )
    image_path = (context.image or {}).get("path", "")
    layout = Layout(folder, image_path, nodes, network, cluster_address)
    return replace(layout, host_entries=_host_entries(request, layout))


def node_shape(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what one node is made of, whatever the kind."""
    shape: Mapping[str, Any] = request["nodes"] if "nodes" in request else request["node"]
    return shape


def memory_of(request: Mapping[str, Any], name: str) -> int:
    """Return a node's memory in MiB: its own where it was added with another one than the others have."""
    shape = node_shape(request)
    own: Mapping[str, Any] = (shape.get("own") or {}).get(name) or {}
    return int(own.get("memory_mib") or shape["memory_mib"])


def free_addresses(layout: Layout, count: int) -> list[str]:
    """Return the next addresses of a static network that the lab does not use, at most `count`; none with DHCP."""
    if not layout.network.static:
        return []
    used = {layout.network.gateway, layout.cluster_address, *layout.network.dns_servers}
    return list(islice(_free(layout.network, used | {place.address for place in layout.nodes}), count))


def node_names(request: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the nodes that a request builds, in order."""
    if "node" in request:
        return (request["node"]["name"],)
    nodes = request["nodes"]
    return tuple(nodes.get("names") or (f"{nodes['name_prefix']}-{number + 1}" for number in range(nodes["count"])))


def lab_folder(context: PlanContext) -> str:
    """Return the lab's own folder on the host; a preview without a lab id gets a stand-in."""
    storage = (context.host or {}).get("storage_path") or DEFAULT_STORAGE
    return f"{storage.rstrip(chr(92))}\\{context.lab_id or _PREVIEW_LAB}"


def nat_name(lab_id: str) -> str:
    """Return the name of the lab's NAT. Names that start with `mk-` are ours to remove."""
    return f"mk-{(lab_id or _PREVIEW_LAB)[-_NAT_TAIL:]}"


def _data_disks(folder: str, shape: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{folder}\\data-{number + 1}.vhdx" for number in range(len(shape["data_disks"])))


def _network(request: Mapping[str, Any], context: PlanContext) -> NetworkPlace:
    network = request["network"]
    internal = network["switch"]["kind"] == "internal"
    subnet = ipaddress.IPv4Network(network["subnet"]) if "subnet" in network else None
    gateway = network.get("gateway") or (str(next(subnet.hosts())) if internal and subnet else "")
    clustered = "cluster" in request and request["identity"]["mode"] == "workgroup"
    return NetworkPlace(
        switch=network["switch"]["name"],
        internal=internal,
        static=network["addressing"] == "static",
        prefix=str(subnet or ""),
        prefix_length=subnet.prefixlen if subnet else 24,
        gateway=gateway,
        nat_name=nat_name(context.lab_id) if internal and network.get("nat", True) else "",
        dns_servers=tuple(network["dns_servers"]),
        dns_suffix=network.get("dns_suffix") or (WORKGROUP_SUFFIX if clustered else ""),
        chosen=network["addressing"] == "static" and "addresses" not in network,
    )


def _addresses(request: Mapping[str, Any], network: NetworkPlace, count: int) -> tuple[list[str], str]:
    cluster = request.get("cluster") or {"access_point": "none"}
    wanted = cluster.get("static_address", "")
    if not network.static:
        return [""] * count, wanted
    given = list(request["network"].get("addresses", ()))
    free = _free(network, {network.gateway, wanted, *given, *network.dns_servers})
    nodes = given or [next(free) for _ in range(count)]
    if not wanted and cluster.get("access_point") != "none":
        wanted = next(free)
    return nodes, wanted


def _free(network: NetworkPlace, taken: set[str]) -> Iterator[str]:
    # A generator: a network is made only when an address is asked for.
    for address in map(str, ipaddress.IPv4Network(network.prefix).hosts()):
        if address not in taken:
            yield address


def _host_entries(request: Mapping[str, Any], layout: Layout) -> dict[str, str]:
    # A workgroup cluster needs every name resolved on every node, and a lab has no DNS server that knows them.
    if "cluster" not in request or request["identity"]["mode"] == "domain" or not layout.network.static:
        return {}
    known = {node.name: node.address for node in layout.nodes}
    if layout.cluster_address:
        known[request["cluster"]["name"]] = layout.cluster_address
    suffix = layout.network.dns_suffix
    return known | {f"{name}.{suffix}": address for name, address in known.items()}
