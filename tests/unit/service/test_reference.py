"""The reference page at /docs: complete, readable offline, and nothing but text and our own style."""

from __future__ import annotations

import copy
import html
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.api.document_views import EXTENSION
from service.api.reference.wording import kind, line
from service.api.reference_views import reference_html
from service.api.registration import register_views


@pytest.fixture(scope="module")
def app() -> Flask:
    """An app with all routes; no view asked here needs more."""
    made = Flask("reference", static_folder=None)
    register_views(made)
    return made


@pytest.fixture(scope="module")
def client(app: Flask) -> FlaskClient:
    """A client of that app."""
    return app.test_client()


@pytest.fixture(scope="module")
def document(app: Flask) -> dict[str, Any]:
    """The document that the page is made of."""
    content: dict[str, Any] = app.extensions[EXTENSION].content
    return content


@pytest.fixture(scope="module")
def page(client: FlaskClient) -> str:
    """The page as it is served."""
    return client.get("/docs").get_data(as_text=True)


def _article(page: str, anchor: str) -> str:
    return html.unescape(page.partition(f'<article id="{anchor}">')[2].partition("</article>")[0])


def test_every_operation_is_there_with_all_that_it_says(page: str, document: dict[str, Any]) -> None:
    """Each operation has its path, parameters, examples and every status that it can answer."""
    parameters = document["components"]["parameters"]
    for path, item in document["paths"].items():
        for method, operation in ((name, one) for name, one in item.items() if isinstance(one, dict)):
            text = _article(page, operation["operationId"])
            given = [*item.get("parameters", []), *operation.get("parameters", [])]
            named = [parameters[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in given]
            assert f">{method.upper()}<" in text
            assert f">{path}<" in text
            assert [] == [one["name"] for one in named if f"<code>{one['name']}</code>" not in text], path
            assert [] == [status for status in operation["responses"] if f">{status}<" not in text], path
            assert ("requestBody" in operation) == (">Request<" in text)
            assert ("requestBody" not in operation) or "Example: " in text


def test_every_schema_is_there_with_its_members(page: str, document: dict[str, Any]) -> None:
    """Each schema has a place of its own, which names its members and what is required of them."""
    for name, schema in document["components"]["schemas"].items():
        text = _article(page, f"schema-{name}")
        members = schema.get("properties", {})
        assert [] == [member for member in members if f"<code>{member}</code>" not in text], name
        assert len(set(schema.get("required", ())) & members.keys()) == text.count('class="needed">required<'), name


def test_links_of_the_page_lead_somewhere(page: str, client: FlaskClient) -> None:
    """Each link is a place of the page or a route of ours that answers."""
    links = set(re.findall(r'(?:href|src)="([^"]*)"', page))
    places = set(re.findall(r'id="([^"]*)"', page))
    routes = {link for link in links if link.startswith("/")}

    assert set() == {link for link in links if link.startswith("#")} - {f"#{place}" for place in places}
    assert links == routes | {link for link in links if link.startswith("#")}
    assert {"/openapi.json", "/openapi.yaml", "/openapi-3.0.json", "/docs/style.css"} == routes
    assert {200} == {client.get(link).status_code for link in routes}


def test_nothing_runs_and_nothing_comes_from_outside(page: str, client: FlaskClient) -> None:
    """The page has no script, no style of its own and no address of others, and its policy allows none."""
    policy, *others = client.get("/docs").headers.getlist("Content-Security-Policy")
    style = client.get("/docs/style.css")

    assert [] == others  # browsers keep every policy that they are given
    assert "style-src 'self'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script|<style|<img|<iframe|<form| style=|\son[a-z]+=", page)
    assert "text/css" in style.content_type
    assert not re.search(r"url\(|@import", style.get_data(as_text=True))


@pytest.mark.parametrize("path", ["/docs", "/docs/style.css", "/openapi.yaml"])
def test_a_reader_who_has_it_gets_304(client: FlaskClient, path: str) -> None:
    """A copy that is still current is not sent again."""
    etag = client.get(path).headers["ETag"]

    assert 304 == client.get(path, headers={"If-None-Match": etag}).status_code


def test_text_of_the_document_is_not_markup(document: dict[str, Any]) -> None:
    """A description or an example with `<` in it is shown, not obeyed."""
    hostile = copy.deepcopy(document)
    hostile["info"]["description"] = "<script>alert(1)</script> `<b>`"
    hostile["components"]["examples"]["Job"]["value"]["waiting_for"] = "</code><script>"
    hostile["components"]["schemas"]["Job"]["description"] = "<img src=x>"

    assert not re.search(r"<script|<img|<b>", reference_html(hostile))


def test_words_of_types_and_texts() -> None:
    """A type says its parts, and what stands between backticks is code."""
    assert "array of string" == kind({"type": "array", "items": {"type": "string"}})
    assert '<a href="#schema-Problem">Problem</a> or null' == kind(
        {"anyOf": [{"$ref": "#/components/schemas/Problem"}, {"type": "null"}]}
    )
    assert "a <code>&lt;b&gt;</code> &lt;c&gt;" == line("a `<b>` <c>")
