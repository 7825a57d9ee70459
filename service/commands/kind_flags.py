"""The flags of a job kind, made from its schema, and the request that given flags stand for. Pure but for secrets.

A flag is the JSON Pointer of a member in words: `/cluster/storage` is `--cluster-storage`. The sections that every
request of a kind has (nodes, node, network, nested_vm) are left out of the name; a few members have names of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import click
from marshmallow import Schema

from service.commands.secret_sources import SecretSource
from service.ui.forms import Entry, FormError, request_of, sections

_OWN_NAMES = {
    "/cluster/name": "--name",
    "/nodes/count": "--nodes",
    "/network/switch/name": "--switch",
    "/network/addresses": "--address",
    "/network/dns_servers": "--dns-server",
    "/cluster/static_address": "--cluster-address",
    "/nodes/names": "--node-name",
    "/names": "--name",
    "/addresses": "--address",
    "/labels": "--label",
    "/roles": "--role",
    "/not_before": "--not-before",
}
_LEFT_OUT = frozenset({"nodes", "node", "network"})
# Said in another way below: `--host`, `--image`, `--lab`, `--node`, `--vm`.
_REFERENCES = re.compile(r"/host/.*|/nodes?/image/.*|/target/.*|/lab_id")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PREFIX_ROOM = 15
_PLAIN_MEMBER = 2


def flag_of(pointer: str) -> str:
    """Return the flag of a member by its JSON Pointer."""
    if pointer in _OWN_NAMES:
        return _OWN_NAMES[pointer]
    parts = pointer.strip("/").split("/")
    # The guest of a nested VM is not the guest that it runs in.
    if len(parts) > 1 and (parts[0] in _LEFT_OUT or (parts[0] == "nested_vm" and len(parts) == _PLAIN_MEMBER)):
        parts = parts[1:]
    return "--" + "-".join(parts).replace("_", "-")


def _dest(pointer: str) -> str:
    """Return the name that click knows a member by: it takes a slash for the beginning of an option."""
    return pointer.replace("/", "__")


def pointer_of(dest: str) -> str:
    """Return the JSON Pointer of a parameter, empty for one that is no member of the request."""
    return dest.replace("__", "/") if dest.startswith("__") else ""


def entries_of(schema: Schema) -> Iterator[Entry]:
    """Yield the members that have a flag of their own, those of the kind before those of every job."""
    found = [entry for section in sections(schema) for entry in section.entries]
    own = [entry for entry in found if entry.name.count("/") > 1 and not entry.name.startswith("/approval/")]
    common = [entry for entry in found if entry not in own]
    yield from (entry for entry in (*own, *common) if not _REFERENCES.fullmatch(entry.name))


def options_of(schema: Schema) -> list[click.Option]:
    """Return the options of a kind: how hosts, images, labs and VMs are named, then one a member."""
    return [*_references(schema), *(_option(entry) for entry in entries_of(schema))]


def _references(schema: Schema) -> Iterator[click.Option]:
    members = schema.load_fields
    if "host" in members:
        text = "Name, id, or NAME=VALUE of a label; several labels may be given."
        yield click.Option(["--host", _dest("/host")], multiple=True, help=text)
    if "nodes" in members or "node" in members:
        yield click.Option(["--image", _dest("/image")], help="The parent disk, by name or id.")
    if "target" in members:
        yield click.Option(["--vm", _dest("/vm")], help="A VM of the host, by id or name.")
        yield click.Option(["--lab", _dest("/lab")], help="A lab, by name or id; with --node.")
        yield click.Option(["--node", _dest("/node")], help="The lab's node.")
    if "lab_id" in members:
        yield click.Option(["--lab", _dest("/lab")], required=True, help="The lab, by name or id.")


def _option(entry: Entry) -> click.Option:
    flag = flag_of(entry.name)
    if entry.control == "secret":
        text = "Where the secret is: env:NAME, file:PATH, prompt, or ref:REFERENCE for the workers."
        return click.Option([f"{flag}-from", _dest(entry.name)], type=SecretSource(), help=text)
    if entry.control == "flag":
        return click.Option([f"{flag}/--no-{flag[2:]}", _dest(entry.name)], default=None, help=_help(entry))
    kinds: dict[str, Any] = {"number": click.INT, "choice": click.Choice(entry.choices)}
    return click.Option(
        [flag, _dest(entry.name)],
        type=kinds.get(entry.control, click.STRING),
        multiple=entry.control in {"lines", "pairs"},
        metavar={"json": "JSON", "time": "TIME"}.get(entry.control),
        help=_help(entry),
    )


def _help(entry: Entry) -> str:
    several = {"lines": "repeatable", "pairs": "NAME=VALUE, repeatable"}.get(entry.control, "")
    default = f"default: {entry.default}" if entry.default else ""
    parts = [part for part in (entry.hint.rstrip("."), several, default) if part]
    return "; ".join(parts) or f"#{entry.name}"


def request_from(schema: Schema, kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request that flags stand for; labs are still as they were said. Raises click.UsageError.

    `given` has values by JSON Pointer, and by /host, /image, /lab, /node and /vm.
    """
    said = _with_defaults(kind, {name: value for name, value in given.items() if value not in (None, ())})
    secrets = {entry.name for entry in entries_of(schema) if entry.control == "secret"}
    texts = {name: _text(value) for name, value in said.items() if name not in secrets}
    try:
        request = request_of(schema, kind, texts)
    except FormError as error:
        raise click.UsageError(f"{flag_of(error.name)}: {error}") from error
    for name in secrets & said.keys():
        _put(request, name, said[name])
    return request | _named(schema, request, said)


def _with_defaults(kind: str, said: dict[str, Any]) -> dict[str, Any]:
    """A lab of one name has nodes and a switch of that name, unless something else is said."""
    name = said.get("/cluster/name") or said.get("/node/name")
    if kind not in {"nested_cluster", "nested_host"} or not name:
        return said
    defaults = {"/network/switch/kind": "internal", "/network/switch/name": name}
    if kind == "nested_cluster" and "/nodes/names" not in said:
        room = _PREFIX_ROOM - len(f"-{said.get('/nodes/count', 1)}")
        defaults["/nodes/name_prefix"] = name[:room].rstrip("-")
    return defaults | said


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "\n".join(value) if isinstance(value, tuple) else str(value)


def _named(schema: Schema, request: dict[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members that refer to hosts, images, labs and VMs."""
    members = schema.load_fields
    found: dict[str, Any] = {"host": _host(said["/host"])} if "/host" in said else {}
    if "/image" in said:
        place = "nodes" if "nodes" in members else "node"
        image = said["/image"]
        found[place] = {**request.get(place, {}), "image": {"id" if image.startswith("img_") else "name": image}}
    if "target" in members:
        found["target"] = _target(said)
    elif "/lab" in said:
        found["lab_id"] = said["/lab"]
    return found


def _host(said: tuple[str, ...]) -> dict[str, Any]:
    if len(said) > 1:
        return {"labels": dict(one.partition("=")[::2] for one in said)}
    if "=" in said[0]:
        return {"label": said[0]}
    return {"id" if said[0].startswith("host_") else "name": said[0]}


def _target(said: Mapping[str, Any]) -> dict[str, str]:
    target: dict[str, str] = {}
    if "/vm" in said:
        target["vm_id" if _GUID.fullmatch(said["/vm"]) else "vm_name"] = said["/vm"]
    if "/lab" in said:
        target["lab_id"] = said["/lab"]
    if "/node" in said:
        target["node"] = said["/node"]
    return target


def _put(request: dict[str, Any], pointer: str, value: Any) -> None:
    *way, last = pointer.strip("/").split("/")
    for part in way:
        request = request.setdefault(part, {})
    request[last] = value
