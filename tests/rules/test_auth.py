"""Every route is guarded."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from schemas.key import SCOPES
from service.api.auth import PUBLIC
from service.app import create_app
from service.settings import Settings

OPEN = {"/healthz", "/readyz", "/openapi.json", "/openapi.yaml", "/openapi-3.0.json", "/docs", "/docs/style.css"}
OPEN |= {"/v1/chat/slack", "/v1/chat/slack/interactions"}  # guarded by Slack's signature, see test_chat.py
# Of the dashboard: the log-in and the files that it loads.
OPEN_PAGES = {"/login", "/ui/<name>"}
# A server that does not exist: an unguarded view would have to ask it, a guarded one refuses before.
ENVIRON = {"MATRYOSHKA_REDIS_URL": "redis://127.0.0.1:1/0", "MATRYOSHKA_PUBLIC_KEY": "A" * 43 + "="}
APP = create_app(Settings.from_env(ENVIRON))


def _scope(app: Flask, rule: Rule) -> str | None:
    scope: str | None = getattr(app.view_functions[rule.endpoint], "scope", None)
    return scope


def _is_page(rule: Rule) -> bool:
    return rule.endpoint.startswith("ui.")


def _requests(*, pages: bool) -> Iterator[tuple[str, str]]:
    for rule in APP.url_map.iter_rules():
        if _is_page(rule) != pages or rule.rule in OPEN_PAGES:
            continue
        for method in sorted(rule.methods or ()):
            # A page whose verb is one of several: the first stands for all.
            yield method, re.sub(r"<any\((\w+)[^>]*>", r"\1", rule.rule).replace("<identifier:", "x").replace(">", "")


def test_only_the_open_routes_are_open() -> None:
    """Health, readiness and the OpenAPI document with its page need no key; all other routes have a known scope."""
    scopes = {rule.rule: _scope(APP, rule) for rule in APP.url_map.iter_rules() if not _is_page(rule)}

    assert OPEN == {rule for rule, scope in scopes.items() if scope == PUBLIC}
    assert {scope for rule, scope in scopes.items() if rule not in OPEN} <= set(SCOPES)
    assert len(scopes) > len(OPEN)


@pytest.mark.parametrize(("method", "path"), sorted(set(_requests(pages=False))))
def test_without_a_key_nothing_is_reached(method: str, path: str) -> None:
    """Without a key every route but the open ones answers 401 with a challenge."""
    answer = APP.test_client().open(path, method=method)

    if path in OPEN:
        assert answer.status_code != 401
        return
    assert 401 == answer.status_code
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "path"), sorted(set(_requests(pages=True))))
def test_without_a_session_no_page_is_reached(method: str, path: str) -> None:
    """Every page of the dashboard but the log-in sends those away who are not logged in."""
    answer = APP.test_client().open(path.replace("<", "x").replace(">", ""), method=method)

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login")


def test_a_view_without_a_scope_is_never_reached() -> None:
    """A route that somebody adds without declaring its scope is refused to everyone."""
    app = create_app(Settings.from_env(ENVIRON))
    app.add_url_rule("/v1/forgotten", "forgotten", lambda: "secret")

    assert 403 == app.test_client().get("/v1/forgotten").status_code
