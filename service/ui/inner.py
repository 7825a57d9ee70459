"""The dashboard as a client of the API, inside one process: the same checks, rights, limits and records as for anyone.

There is no second way to the ledger: a page shows what the API answers to its reader, and a button sends what a
script would send. The request carries who is logged in beside it, where no HTTP client can put anything.
"""

from __future__ import annotations

import contextvars
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from service.api.auth import CALLER_KEY, Caller


@dataclass(frozen=True)
class Answered:
    """What the API answered. `body` is the JSON body, None when there is none."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def is_good(self) -> bool:
        """Whether it is a success."""
        return self.status < 400  # noqa: PLR2004 - HTTP's own bound

    @property
    def problem(self) -> str:
        """What a refusal says, with the fields that it names."""
        body = self.body if isinstance(self.body, dict) else {}
        faults = [(one.get("pointer", ""), one.get("detail", "")) for one in body.get("errors", ())]
        faults += [(one.get("name", ""), one.get("detail", "")) for one in body.get("parameters", ())]
        fields = [f"{place} {detail}".strip() for place, detail in faults]
        return "; ".join(
            part for part in (body.get("detail") or body.get("title") or f"HTTP {self.status}", *fields) if part
        )


@dataclass(frozen=True)
class InnerApi:
    """The API as one logged-in person may use it. What it logs bears his address and the id of his page's request."""

    app: Flask
    caller: Caller
    base_url: str
    address: str = ""
    request_id: str = ""
    traceparent: str = ""

    def get(self, path: str, **query: str | int | None) -> Answered:
        """Ask for something; parameters that are None or '' are left out."""
        return self.call(
            "GET", path, query={name: str(value) for name, value in query.items() if value not in (None, "")}
        )

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answered:
        """Make one request and wait for the answer."""
        builder = EnvironBuilder(
            path=path,
            method=method,
            base_url=self.base_url,
            query_string=dict(query or {}),
            headers=[*self._origin().items(), *(headers or {}).items()],
            data=None if body is None else json.dumps(body),
            content_type=None if body is None else "application/json",
        )
        environ = builder.get_environ()
        environ[CALLER_KEY] = self.caller
        environ["REMOTE_ADDR"] = self.address
        # A context of its own: what Flask and the logs keep for the page's request stays as it is.
        pieces, status, answered = contextvars.Context().run(run_wsgi_app, self.app, environ, buffered=True)
        text = b"".join(pieces)
        is_json = "json" in answered.get("Content-Type", "")
        return Answered(int(status.split()[0]), dict(answered), json.loads(text) if text and is_json else None)

    def _origin(self) -> dict[str, str]:
        return {"X-Request-Id": self.request_id, **({"traceparent": self.traceparent} if self.traceparent else {})}
