"""`Prefer`, by the examples of RFC 7240."""

from __future__ import annotations

import pytest
from flask import Flask, Request

from service.api.preference import preferences


def _request(*headers: str) -> Request:
    with Flask("test").test_request_context("/", headers=[("Prefer", header) for header in headers]) as context:
        return context.request


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        ((), {}),
        (("respond-async, wait=10",), {"respond-async": "", "wait": "10"}),
        (("priority=5",), {"priority": "5"}),
        (('foo; some-parameter="x", return=Minimal',), {"foo": "", "return": "Minimal"}),
        (("wait=20", "return=minimal"), {"wait": "20", "return": "minimal"}),
        (("wait=1, wait=2",), {"wait": "1"}),
        (('WAIT = "7"',), {"wait": "7"}),
    ],
)
def test_preferences(headers: tuple[str, ...], wanted: dict[str, str]) -> None:
    """Names have no case, values may be quoted, the first of two holds, parameters are left out."""
    assert wanted == preferences(_request(*headers))
