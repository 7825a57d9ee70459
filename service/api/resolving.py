"""From what a request names to what the ledger knows of it: host, image, lab. An unknown name is a 422."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.api.catalogue import Catalogue
from service.api.problems import Problem, invalid_field
from service.ledger.store import Host, Image, Lab, LabState, Store

_GONE = frozenset({LabState.REMOVING, LabState.REMOVED})
_ADDS = "add_node"  # builds from the image of its lab
_SHAPES = ("nodes", "node")


@dataclass(frozen=True)
class Resolved:
    """The records that a request names; None for those that it does not.

    `hosts` are those to choose from when the request leaves the choice open, else empty.
    """

    host: Host | None = None
    image: Image | None = None
    lab: Lab | None = None
    hosts: tuple[Host, ...] = ()


def resolve(store: Store, catalogue: Catalogue, request: Mapping[str, Any]) -> Resolved:
    """Return the records of a loaded request.

    Raises:
        Problem: 422 with the pointer of the name that leads nowhere; 409 for a lab that is going or gone.
    """
    lab = _lab(store, request)
    host = catalogue.host(lab.host_id) if lab else _host(catalogue, request)
    if lab and request["kind"] == _ADDS:
        shape: Mapping[str, Any] = lab.request.get("nodes") or {}
        return Resolved(host, _image_of(catalogue, shape.get("image") or {}), lab)
    hosts = _selected(catalogue, request) if lab is None and host is None else ()
    return Resolved(host, _image(catalogue, request), lab, hosts)


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


def _host(catalogue: Catalogue, request: Mapping[str, Any]) -> Host | None:
    """Return the host that the request names; None when it leaves the choice open."""
    wanted = request.get("host") or {}
    if "id" not in wanted and "name" not in wanted:
        return None
    host = catalogue.host(wanted["id"]) if "id" in wanted else catalogue.host_by_name(wanted["name"])
    if host is None:
        way = "id" if "id" in wanted else "name"
        raise invalid_field(f"#/host/{way}", "unknown", f"There is no host {wanted[way]!r}.")
    return host


def _selected(catalogue: Catalogue, request: Mapping[str, Any]) -> tuple[Host, ...]:
    """Return the hosts that the request allows: those with its labels, or all."""
    wanted = request.get("host") or {}
    way = next((way for way in ("label", "labels") if way in wanted), "")
    labels = dict([wanted["label"].split("=", 1)]) if way == "label" else wanted.get("labels", {})
    found = catalogue.hosts_with(labels)
    if not found:
        said = ", ".join(f"{name}={value}" for name, value in labels.items())
        detail = f"There is no host with the label {said!r}." if said else "No host is registered."
        raise invalid_field(f"#/host/{way}" if way else "#/host", "unknown", detail)
    if len(found) > 1 and "target" in request:
        # The VM is on one of them, and another host may have a stranger of the same name.
        detail = f"{len(found)} hosts have this label; say which one has the VM."
        raise invalid_field(f"#/host/{way}", "ambiguous", detail)
    return tuple(found)


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
