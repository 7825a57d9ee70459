"""A service without a network for tests of the command: scripted answers, and what was asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from click.testing import CliRunner, Result

from service.cli import matryoshka
from service.commands.outside import Outside
from service.commands.tables import Screen

ROOT = Path(__file__).resolve().parents[4]
EXAMPLES: Mapping[str, Any] = json.loads((ROOT / "examples" / "api" / "answers.json").read_text(encoding="utf-8"))
NOW = datetime(2026, 11, 30, 6, 0, tzinfo=UTC)
PIPE = Screen(now=NOW)
TERMINAL = Screen(is_terminal=True, width=80, now=NOW)
URL, KEY = "https://matryoshka.example", "mk_secret"
ENVIRON = {"MATRYOSHKA_URL": URL, "MATRYOSHKA_API_KEY": KEY, "XDG_CONFIG_HOME": "/nowhere", "MATRYOSHKA_OUTPUT": ""}


def answer(status: int, body: Any = None, **headers: str) -> requests.Response:
    """Return an answer as requests makes it; a body that is bytes is sent as it is."""
    made = requests.Response()
    made.status_code = status
    made.url = URL
    made._content_consumed = True
    made.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    made._content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return made


def problem(status: int, code: str, detail: str, **members: Any) -> requests.Response:
    """Return a problem document."""
    return answer(status, {"code": code, "detail": detail, "request_id": "req_1", **members})


def page(*items: Mapping[str, Any], cursor: str | None = None) -> dict[str, Any]:
    """Return a page of a list."""
    return {"items": list(items), "next_cursor": cursor}


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    options: dict[str, Any]

    @property
    def body(self) -> Any:
        """What was sent as JSON."""
        return self.options.get("json")

    @property
    def headers(self) -> dict[str, str]:
        """The headers that were sent beside the key."""
        found: dict[str, str] = self.options.get("headers") or {}
        return found


@dataclass
class Service:
    """Answers by `METHOD /path`: a body, an answer, an error to raise, or a list of these, of which the last stays."""

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def __call__(self, method: str, url: str, **options: Any) -> requests.Response:
        """Answer as requests.request does."""
        path = urlsplit(url).path
        self.asked.append(Asked(method, path, options))
        found = self.answers.get(f"{method} {path}", problem(404, "not_found", f"Nothing is at {path}."))
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        if isinstance(found, BaseException):
            raise found
        return found if isinstance(found, requests.Response) else answer(200, found, ETag='"1"')


def run(service: Service, *arguments: str, screen: Screen = PIPE, text: str = "", **environ: str) -> Result:
    """Run the command against a service; standard output and standard error are apart."""
    outside = Outside(service, screen, lambda _seconds: None)
    return CliRunner().invoke(matryoshka, arguments, obj=outside, input=text, env={**ENVIRON, **environ})
