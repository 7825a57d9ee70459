"""Lists in pages: the position behind the cursor is (created_at, id), so what is added meanwhile shifts no page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol, TypeVar

from flask import Response, request

from service.api.answers import page_answer
from service.api.context import Context
from service.api.pages import page_filters

Position = tuple[float, str] | None
_CHUNK = 200


class Dated(Protocol):
    """What a list is ordered by, newest first."""

    @property
    def id(self) -> str:
        """The id."""

    @property
    def created_at(self) -> float:
        """Seconds since 1970 UTC."""


Item = TypeVar("Item", bound=Dated)


def list_page(
    context: Context,
    query: Mapping[str, Any],
    fetch: Callable[[Position, int], Sequence[Item]],
    shape: Callable[[Item], dict[str, Any]],
) -> Response:
    """Answer one page of what `fetch(position, limit)` gives. One item more is fetched, to know whether a page follows.

    Raises:
        Problem: 400 for a cursor that is not ours or was made for other filters.
    """
    limit, filters = query["limit"], page_filters(query)
    found = fetch(_position(context, query, filters), limit + 1)
    items, more = found[:limit], len(found) > limit
    following = context.cursors.write([items[-1].created_at, items[-1].id], filters) if more else None
    return page_answer([shape(item) for item in items], following, request, context.settings.base_url)


def filtered(
    fetch: Callable[[Position, int], Sequence[Item]], wanted: Callable[[Item], bool]
) -> Callable[[Position, int], Sequence[Item]]:
    """Return a fetch that keeps only what is wanted. For the short lists that have no index, such as hosts."""

    def fetch_wanted(position: Position, limit: int) -> Sequence[Item]:
        return list(islice((item for item in _all(fetch, position) if wanted(item)), limit))

    return fetch_wanted


def _all(fetch: Callable[[Position, int], Sequence[Item]], position: Position) -> Iterator[Item]:
    while True:
        page = fetch(position, _CHUNK)
        yield from page
        if len(page) < _CHUNK:
            return
        position = (page[-1].created_at, page[-1].id)


def label_pair(query: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the `label` filter (`name=value`) as a pair, None when it is not asked for."""
    label = query.get("label")
    if not label:
        return None
    name, _, value = label.partition("=")
    return name, value


def _position(context: Context, query: Mapping[str, Any], filters: Mapping[str, Any]) -> Position:
    if not query.get("cursor"):
        return None
    created_at, identifier = context.cursors.read(query["cursor"], filters)
    return float(created_at), str(identifier)
