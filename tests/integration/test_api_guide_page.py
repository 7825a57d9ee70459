"""The requests of docs/api-guide.md and docs/webhooks.md: sent in their order, and answered as the page shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import ROOT
from tests.integration.api_kit import Api, running_api
from tests.pages.exchange import Kept, Message, exchanges, faults
from tests.pages.markdown import Block, blocks

PAGES = ("docs/api-guide.md", "docs/webhooks.md")


@pytest.fixture
def api(redis_url: str) -> Iterator[Api]:
    """A furnished API: the host hv1 and the image ws2022."""
    with running_api(redis_url, MATRYOSHKA_BASE_URL="https://matryoshka.example") as running:
        yield running


def _sent(api: Api, request: Message, kept: Kept) -> tuple[int, dict[str, str], str]:
    method, path = kept.filled(request.first).split()[:2]
    headers = {
        "authorization": f"Bearer {api.key}",
        **{name: kept.filled(one) for name, one in request.headers.items()},
    }
    client = api.app.test_client()
    answer = client.open(path, method=method, headers=headers, data=kept.filled(request.body) or None)
    return answer.status_code, dict(answer.headers), answer.text


@pytest.mark.parametrize("page", PAGES)
def test_every_request_is_answered_as_the_page_shows(page: str, api: Api) -> None:
    """Status, headers and members of each answer are those of the page, in one go from the first to the last."""
    kept, wrong = Kept(), []
    for request, answer in exchanges(iter(blocks(ROOT / page))):
        wrong += [(answer.place, fault) for fault in faults(answer, kept, *_sent(api, request, kept))]

    assert [] == wrong
    assert kept.values


def test_what_differs_is_found() -> None:
    """A page that shows another status, header or member than the API gives does not pass."""
    code = 'HTTP/1.1 200 OK\nETag: "1"\n\n{"a": {"b": [1]}, "c": "x..."}\n'
    _, answer = exchanges(iter([Block("p", 1, "http", "", "GET /\n"), Block("p", 2, "http", "", code)]))[0]
    right = '{"a": {"b": [1, 2]}, "c": "xyz", "d": 1}'

    assert [] == faults(answer, Kept(), 200, {"ETag": '"1"'}, right)
    assert faults(answer, Kept(), 202, {"ETag": '"1"'}, right)
    assert faults(answer, Kept(), 200, {}, right)
    assert faults(answer, Kept(), 200, {"ETag": '"2"'}, right)
    assert faults(answer, Kept(), 200, {"ETag": '"1"'}, '{"a": {"b": []}, "c": "xyz"}')
    assert faults(answer, Kept(), 200, {"ETag": '"1"'}, '{"a": {"b": [1]}, "c": "y"}')
    assert faults(answer, Kept(), 200, {"ETag": '"1"'}, "no JSON")


def test_a_request_without_its_answer_is_no_page() -> None:
    """A page shows what each of its requests is answered."""
    with pytest.raises(ValueError, match="zip"):
        exchanges(iter([Block("p", 1, "http", "", "GET /\n")]))
