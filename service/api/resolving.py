"""From what a request names to what the ledger knows of it: host, image, lab. An unknown name is a 422."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.api.catalogue import Catalogue
from service.api.problems import Problem, invalid_field
from service.ledger.known import capacity_of
from service.ledger.store import Host, Image, Lab, LabState, Store

_GONE = frozenset({LabState.REMOVING, LabState.REMOVED})
_ADDS = "add_node"  # builds from the image of its lab
_SHAPES = ("nodes", "node")


@dataclass(frozen=True)
class Resolved:
    """The records that a request names; None for those that it does not."""

    host: Host | None = None
    image: Image | None = None
    lab: Lab | None = None


def resolve(store: Store, catalogue: Catalogue, request: Mapping[str, Any]) -> Resolved:
    """Return the records of a loaded request.

    Raises:
        Problem: 422 with the pointer of the name that leads nowhere; 409 for a lab that is going or gone.
    """
    lab = _lab(store, request)
    host = catalogue.host(lab.host_id) if lab else _host(store, catalogue, request)
    if lab and request["kind"] == _ADDS:
        shape: Mapping[str, Any] = lab.request.get("nodes") or {}
        return Resolved(host, _image_of(catalogue, shape.get("image") or {}), lab)
    return Resolved(host, _image(catalogue, request), lab)


def _lab(store: Store, request: Mapping[str, Any]) -> Lab | None:
    target = request.get("target") or {}
    lab_id = request.get("lab_id") or target.get("lab_id")
    if not lab_id:
        return None
    lab = store.labs.get(lab_id)
    if lab is None:
        pointer = "#/lab_id" if "lab_id" in request else "#/target/lab_id"
        raise invalid_field(pointer, "unknown", f"There is no lab {lab_id}.")
    if lab.state in _GONE:
        raise Problem(409, "lab-not-there", f"The lab {lab_id} is {lab.state}.", state=str(lab.state))
    return lab


def _host(store: Store, catalogue: Catalogue, request: Mapping[str, Any]) -> Host | None:
    wanted = request.get("host")
    if not wanted:
        return None
    if "label" in wanted:
        return _labelled(store, catalogue, wanted["label"], _memory_wanted(request))
    host = catalogue.host(wanted["id"]) if "id" in wanted else catalogue.host_by_name(wanted["name"])
    if host is None:
        way = "id" if "id" in wanted else "name"
        raise invalid_field(f"#/host/{way}", "unknown", f"There is no host {wanted[way]!r}.")
    return host


def _labelled(store: Store, catalogue: Catalogue, label: str, memory_mib: int) -> Host:
    """Return the first host with the label that has room, or the first one at all: the job may wait there."""
    name, _, value = label.partition("=")
    found = catalogue.hosts_by_label(name, value)
    if not found:
        raise invalid_field("#/host/label", "unknown", f"There is no host with the label {label!r}.")
    if len(found) == 1:
        return found[0]
    return next((host for host in found if _free_mib(store, host) >= memory_mib), found[0])


def _free_mib(store: Store, host: Host) -> float:
    capacity = capacity_of(host)
    if capacity is None:
        return float("inf")
    held = sum(one.memory_mib for one in store.hosts.reservations(host.id))
    return capacity["memory_mib"] - host.limits.memory_reserve_mib - held


def _memory_wanted(request: Mapping[str, Any]) -> int:
    shape: Mapping[str, Any] = next((request[name] for name in _SHAPES if request.get(name)), {})
    return int(shape.get("memory_mib", 0)) * int(shape.get("count", 1))


def _image_of(catalogue: Catalogue, wanted: Mapping[str, Any]) -> Image | None:
    return catalogue.image(wanted["id"]) if "id" in wanted else catalogue.image_by_name(wanted.get("name", ""))


def _image(catalogue: Catalogue, request: Mapping[str, Any]) -> Image | None:
    place = next((name for name in _SHAPES if request.get(name)), "")
    wanted = request[place].get("image") if place else None
    if not wanted:
        return None
    image = _image_of(catalogue, wanted)
    if image is None:
        way = "id" if "id" in wanted else "name"
        raise invalid_field(f"#/{place}/image/{way}", "unknown", f"There is no image {wanted[way]!r}.")
    return image
