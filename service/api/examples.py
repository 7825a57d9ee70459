"""Examples in the document: the ready requests of `examples/`, one a job kind, and answers of a real installation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from schemas.event import EVENT_TYPES
from service.api.event_examples import example_event, example_webhook
from service.api.problems import RETRYABLE
from service.api.sampling import sample

RETRY_EXAMPLES: Mapping[str, Any] = {
    "as_it_was": {"summary": "as it was", "value": {}},
    "with_edits": {
        "summary": "with less memory and another image",
        "value": {"changes": {"nodes": {"memory_mib": 8192, "image": {"name": "ws2025", "id": None}}}},
    },
}
_DIRECTORY = Path(__file__).resolve().parents[2] / "examples"
_PAGE = "Page"
# What these refusals are mostly called; the others bear the name of their status.
_TITLES = {400: "Invalid parameter", 422: "Invalid request"}
_SHOWN_TYPES = ("job.succeeded", "job.failed", "step.progressed", "lab.ready")


def request_examples() -> dict[str, Any]:
    """Return the examples by name; {} where the directory is not installed."""
    found = {}
    for path in sorted(_DIRECTORY.glob("*.json")):
        body = json.loads(path.read_text())
        if isinstance(body, dict) and "kind" in body:
            found[path.stem] = {"summary": path.stem.replace("_", " "), "value": body}
    return found


def add_examples(content: dict[str, Any]) -> None:
    """Show a value at each JSON body of a document that has none: a written one, else one made from its schema."""
    gallery = _Gallery(content["components"], {**_written("requests"), **_written("answers"), **_events()})
    for operation in _operations(content):
        gallery.show(operation.get("requestBody", {}))
        for status, response in operation["responses"].items():
            gallery.show(response, status)


class _Gallery:
    """The examples of a document, each once and by the name of its schema."""

    def __init__(self, components: dict[str, Any], written: Mapping[str, Any]) -> None:
        self._schemas = components["schemas"]
        self._written = written
        self._shown: dict[str, Any] = components.setdefault("examples", {})

    def show(self, holder: dict[str, Any], status: str = "") -> None:
        media = holder.get("content", {}).get("application/json")
        if media is None or "examples" in media or "example" in media:
            return
        name = str(media["schema"].get("$ref", "")).rpartition("/")[2]
        if not name:
            media["example"] = sample(media["schema"], self._schemas)
            return
        accepted = f"Accepted{name}"
        label = accepted if status == "202" and accepted in self._written else name
        self._shown.setdefault(label, {"value": self._value(label, media["schema"])})
        media["examples"] = {label: {"$ref": f"#/components/examples/{label}"}}

    def _value(self, name: str, schema: Mapping[str, Any]) -> Any:
        if name in self._written:
            return self._written[name]
        item = self._written.get(name.removesuffix(_PAGE)) if name.endswith(_PAGE) else None
        return sample(schema, self._schemas) if item is None else {"items": [item], "next_cursor": None}


def _written(name: str) -> dict[str, Any]:
    path = _DIRECTORY / "api" / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return found


def _events() -> dict[str, Any]:
    shown = _SHOWN_TYPES[0]
    detail = {"type": shown, "data_schema": "JobData", "example": example_webhook(shown)}
    return {"Event": example_event(shown), "WebhookBody": example_webhook(shown), "EventType": detail}


def webhook_examples() -> dict[str, Any]:
    """Return the bodies of some webhooks by name."""
    return {name: {"value": example_webhook(name)} for name in _SHOWN_TYPES if name in EVENT_TYPES}


def problem_example(status: int, title: str) -> dict[str, Any]:
    """Return the example of a problem answer."""
    title = _TITLES.get(status, title)
    code = title.lower().replace(" ", "_")
    found: dict[str, Any] = {
        "type": f"/problems/{code.replace('_', '-')}",
        "title": title.capitalize(),
        "status": status,
        "detail": "What was wrong with this very request.",
        "code": code,
        "retryable": status in RETRYABLE,
        "instance": "/v1/jobs",
        "request_id": "req_62692d932e258f9ea36fd46e",
    }
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        found["errors"] = [{"pointer": "#/node/memory_mib", "code": "range", "detail": "Must be at least 512."}]
    return found


def _operations(content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for item in content["paths"].values():
        yield from (below for below in item.values() if isinstance(below, dict))
