"""What a lab is made of: its host, switch, nodes with their disks and nested VMs, cluster and witness. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from service.ui.svg.disks import ROW, node_disks, rows_of
from service.ui.svg.markup import Picture, box, element, joined, shortened, text, titled

Body = Mapping[str, Any]

_WIDTH = 216
_GAP = 18
_NODE = 132  # and a row for each sort of disk
_TOP = 56
_ACROSS = 4
_LEAST_WIDTH = 420  # room for the names of switch and cluster where there is one node


def topology(lab: Body, request: Body, host: str) -> Markup | None:
    """Return the picture of a lab from its body and the request that built it; None before it has a summary."""
    summary = lab.get("summary")
    if not summary or not summary.get("nodes"):
        return None
    nodes = summary["nodes"]
    shape = request.get("nodes") or request.get("node") or {}
    high = _NODE + ROW * rows_of(shape)
    across = min(_ACROSS, len(nodes))
    rows = -(-len(nodes) // across)
    cluster = summary.get("cluster") or {}
    band = 58 if cluster else 0
    width = max(across * (_WIDTH + _GAP) + _GAP + 16, _LEAST_WIDTH)
    ground = _TOP + band + rows * (high + _GAP)
    height = ground + 96
    picture = Picture("topology", f"Lab {lab.get('name') or lab['id']}", _described(lab, shape, host), width, height)
    picture.add(box(4, 4, width - 8, height - 8, class_="part host", rx=14))
    picture.add(text(20, 32, f"Host {shortened(host, 60)}", class_="part-name"))
    if cluster:
        picture.add(_cluster(cluster, request, width, rows * (high + _GAP)))
    inside = _inside(lab, summary)
    for number, node in enumerate(nodes):
        x = 8 + _GAP + (number % across) * (_WIDTH + _GAP)
        y = _TOP + band + (number // across) * (high + _GAP)
        picture.add(_node(node, shape, inside.get(node["name"]), x, y))
        picture.add(element("line", x1=x + _WIDTH / 2, y1=y + high, x2=x + _WIDTH / 2, y2=ground + 14, class_="wire"))
    picture.add(_switch(request.get("network") or {}, width, ground + 14))
    return picture.markup()


def _inside(lab: Body, summary: Body) -> dict[str, Body]:
    """Return the nested VM of each node, with what is known of it: that it ran is a proof of the CPU ledger."""
    proven = {row["node"] for row in lab.get("probes") or () if row["level"] == "L2" and row["verdict"] == "proven"}
    return {
        vm["node"]: {**vm, "told": "proven to run" if vm["node"] in proven else "not seen running"}
        for vm in summary.get("nested_vms") or ()
    }


def _cluster(cluster: Body, request: Body, width: float, high: float) -> Markup:
    state = cluster.get("state") or {}
    members = state.get("nodes") or []
    up = sum(member.get("state") == "Up" for member in members)
    words = f"{up} of {len(members)} nodes up, quorum {state.get('quorum_type') or 'unknown'}, {_witness(request)}"
    frame = box(16, 46, width - 32, 58 + high + 2, class_="part cluster", rx=12)
    name = f"Cluster {shortened(state.get('name') or '', 30)}"
    address = state.get("address") or ""
    return Markup("").join(
        (
            frame,
            text(32, 70, f"{name}  {address}", class_="part-name"),
            text(32, 90, words, class_="part-fact"),
        )
    )


def _witness(request: Body) -> str:
    kind = ((request.get("cluster") or {}).get("witness") or {}).get("kind", "none")
    return "no witness" if kind == "none" else f"{str(kind).replace('_', ' ')} witness"


def _node(node: Body, shape: Body, nested: Body | None, x: float, y: float) -> Markup:
    facts = [
        str(node.get("address") or "address by DHCP"),
        f"{shape.get('processor_count', '?')} processors, {gib(shape.get('memory_mib'))}",
    ]
    below = 72 + ROW * rows_of(shape)
    parts = [box(x, y, _WIDTH, below + _NODE - 72, class_="part node", rx=10)]
    parts.append(text(x + 12, y + 22, shortened(str(node["name"]), 24), class_="part-name"))
    parts += [text(x + 12, y + 42 + 18 * number, fact, class_="part-fact") for number, fact in enumerate(facts)]
    parts.append(node_disks(shape, x + 12, y + 72, _WIDTH - 24))
    if nested is not None:
        parts.append(_nested(nested, x + 12, y + below + 4))
    return titled(*parts, title=f"Node {node['name']}, VM {node.get('vm_id') or 'unknown'}")


def _nested(nested: Body, x: float, y: float) -> Markup:
    name = shortened(str(nested.get("name") or "nested VM"), 24)
    return Markup("").join(
        (
            box(x, y, _WIDTH - 24, 42, class_="part nested", rx=8),
            text(x + 10, y + 18, name, class_="part-name"),
            text(x + 10, y + 34, f"nested VM, {nested['told']}", class_="part-fact"),
        )
    )


def _switch(network: Body, width: float, y: float) -> Markup:
    switch = network.get("switch") or {}
    subnet = network.get("subnet") or "no subnet"
    nat = ", NAT" if network.get("nat") and switch.get("kind") == "internal" else ""
    name = f"{switch.get('kind', '')} switch {shortened(str(switch.get('name', '')), 30)}".strip()
    return titled(
        box(16, y, width - 32, 44, class_="part switch", rx=8),
        text(32, y + 19, name, class_="part-name"),
        text(32, y + 36, f"{subnet}{nat}", class_="part-fact"),
        title=f"{switch.get('kind', '')} switch {switch.get('name', '')}".strip(),
    )


def gib(mebibytes: float | None) -> str:
    """Return an amount of memory in GiB as text."""
    return "memory unknown" if mebibytes is None else f"{mebibytes / 1024:.1f}".removesuffix(".0") + " GiB"


def _described(lab: Body, shape: Body, host: str) -> str:
    summary = lab["summary"]
    nodes = [str(node["name"]) for node in summary["nodes"]]
    cluster = ((summary.get("cluster") or {}).get("state") or {}).get("name")
    formed = f" form the cluster {cluster}" if cluster else " stand alone"
    nested = len(summary.get("nested_vms") or ())
    data = len(shape.get("data_disks") or ())
    disks = f"a differencing disk{f' and {data} data disks' if data else ''}"
    return f"On the host {host} the nodes {joined(nodes)}{formed}; each has {disks}; {nested} nested VMs run inside."
