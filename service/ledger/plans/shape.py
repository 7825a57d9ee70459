"""A lab's request after nodes came or went: what was chosen when it was built is now written down. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from service.ledger.plans.layout import Layout, NodePlace

Request = Mapping[str, Any]


def grown(built: Request, layout: Layout, names: Sequence[str], addresses: Sequence[str], memory_mib: int) -> Request:
    """Return the request with these nodes after its own; no `addresses` with DHCP, `memory_mib` 0: as the others."""
    own = built["nodes"].get("own") or {}
    if memory_mib:
        own = {**own, **{name: {"memory_mib": memory_mib} for name in names}}
    whole = (*(place.name for place in layout.nodes), *names)
    known = (*(place.address for place in layout.nodes), *addresses)
    return _written(built, layout, whole, known, own)


def shrunk(built: Request, layout: Layout, gone: str) -> Request:
    """Return the request without a node; the others keep their addresses."""
    left = [place for place in layout.nodes if not is_named(place, gone)]
    own = {name: value for name, value in (built["nodes"].get("own") or {}).items() if name.lower() != gone.lower()}
    return _written(built, layout, [place.name for place in left], [place.address for place in left], own)


def is_named(place: NodePlace, name: str) -> bool:
    """Return whether a node has this name, as Windows compares names."""
    return place.name.lower() == name.lower()


def _written(
    built: Request, layout: Layout, names: Sequence[str], addresses: Sequence[str], own: Mapping[str, Any]
) -> Request:
    nodes = {**built["nodes"], "count": len(names), "names": list(names), "own": dict(own)}
    network, cluster = dict(built["network"]), dict(built["cluster"])
    if layout.network.static:
        network["addresses"] = list(addresses)
    if layout.cluster_address:
        cluster["static_address"] = layout.cluster_address
    return {**built, "nodes": nodes, "network": network, "cluster": cluster}
