"""From what a person says to an id: hosts, labs and images may be called by their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from service.commands.client import Client
from service.commands.exits import Exit
from service.commands.failures import ApiError
from service.commands.verbs import ID

_GONE = frozenset({"removed"})


class NotFound(ApiError):
    """Nothing, or more than one thing, has this name."""

    exit_code = Exit.REFUSED


def _is_id(said: str, prefix: str) -> bool:
    return said.startswith(prefix) and ID.fullmatch(said) is not None


def host_id(client: Client, said: str) -> str:
    """Return the id of a host. Raises NotFound, ApiError."""
    if _is_id(said, "host_"):
        return said
    return _only("host", said, client.pages("/v1/hosts", name=said))


def image_id(client: Client, said: str) -> str:
    """Return the id of an image. Raises NotFound, ApiError."""
    if _is_id(said, "img_"):
        return said
    return _only("image", said, _named(said, client.pages("/v1/images")))


def lab_id(client: Client, said: str) -> str:
    """Return the id of a lab; one that is removed already is found by its id only. Raises NotFound, ApiError."""
    if _is_id(said, "lab_"):
        return said
    labs = (lab for lab in client.pages("/v1/labs") if lab["state"] not in _GONE)
    return _only("lab", said, _named(said, labs))


def _named(said: str, found: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [one for one in found if one.get("name", "").lower() == said.lower()]


def _only(sort: str, said: str, found: Iterable[Mapping[str, Any]]) -> str:
    ids = [str(one["id"]) for one in found]
    if not ids:
        raise NotFound(f"There is no {sort} {said} that this key may see.")
    if len(ids) > 1:
        raise NotFound(f"{len(ids)} {sort}s are called {said}: {', '.join(ids)}. Say which by its id.")
    return ids[0]
