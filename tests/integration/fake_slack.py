"""A Slack of the tests' own: it signs as Slack does, and keeps what is sent to response_urls and its Web API."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from slack_sdk.signature import SignatureVerifier
from werkzeug.test import TestResponse

SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BOT_TOKEN = "xoxb-0000-not-a-real-token"
TEAM, CHANNEL, USER, BOSS = "T1DC2JH3J", "C8PSS9T3V", "U2CERLKJA", "U0BOSS"


@dataclass
class Sent:
    """One message that reached Slack: the method of its Web API, or the path of a response_url."""

    where: str
    body: dict[str, Any]
    headers: Mapping[str, str]


@dataclass
class FakeSlack:
    """What Slack got. `answers` are taken first, as (status, body); a response_url takes five messages."""

    url: str = ""
    sent: list[Sent] = field(default_factory=list)
    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    used: dict[str, int] = field(default_factory=dict)

    def response_url(self, name: str = "1") -> str:
        """Return an address that answers one command or press."""
        return f"{self.url}/commands/{TEAM}/397700885554/96rGlfmibIGlgcZRskXaIFf{name}"

    def take(self, path: str, body: dict[str, Any], headers: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Keep a message and return Slack's answer."""
        self.sent.append(Sent(path.rpartition("/")[2] if path.startswith("/api/") else path, body, headers))
        if self.answers:
            return self.answers.pop(0)
        if path.startswith("/api/"):
            return 200, {"ok": True, "channel": body["channel"], "ts": body.get("ts", "1503435956.000247")}
        self.used[path] = self.used.get(path, 0) + 1
        return (200, {"ok": True}) if self.used[path] <= 5 else (404, {"ok": False, "error": "used_url"})

    def texts(self) -> list[str]:
        """Return the texts of the messages in the order in which they came."""
        return [one.body["text"] for one in self.sent]


@contextmanager
def slack_running() -> Iterator[FakeSlack]:
    """Run it on loopback."""
    slack = FakeSlack()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, answer = slack.take(self.path, body, {name.lower(): value for name, value in self.headers.items()})
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    slack.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    try:
        yield slack
    finally:
        server.shutdown()
        server.server_close()


def signed(body: str, timestamp: str, secret: str = SIGNING_SECRET) -> dict[str, str]:
    """Return the headers of a request of Slack's, signed by Slack's own library."""
    signature = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=body)
    assert signature is not None
    return {
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": signature,
        "Content-Type": "application/x-www-form-urlencoded",
    }


@dataclass
class SlackUser:
    """A user at his keyboard: his commands and presses reach an app."""

    app: Flask
    slack: FakeSlack
    now: float
    id: str = USER
    channel: str = CHANNEL
    count: int = 0

    def post(self, path: str, fields: Mapping[str, str]) -> TestResponse:
        """Send a signed form."""
        body = urlencode(fields)
        return self.app.test_client().post(path, data=body, headers=signed(body, str(int(self.now))))

    def types(self, text: str, **fields: str) -> dict[str, Any]:
        """Type a command; return the answer. The fields are those of Slack's documented example."""
        self.count += 1
        form = {
            "token": "gIkuvaNzQIHg97ATvDxqgjtO",
            "team_id": TEAM,
            "team_domain": "example",
            "channel_id": self.channel,
            "channel_name": "test",
            "user_id": self.id,
            "user_name": "Steve",
            "command": "/lab",
            "text": text,
            "response_url": self.slack.response_url(f"c{self.count}"),
            "trigger_id": f"13345224609.738474920.{self.count:032x}",
            "api_app_id": "A123456",
            **fields,
        }
        answer = self.post("/v1/chat/slack", form)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.get_json()
        return found

    def presses(self, button: Mapping[str, Any], name: str = "p") -> TestResponse:
        """Press a button; the payload is shaped like Slack's documented block_actions."""
        payload = {
            "type": "block_actions",
            "team": {"id": TEAM, "domain": "example"},
            "user": {"id": self.id, "username": "steve", "team_id": TEAM},
            "api_app_id": "A123456",
            "token": "Shh_its_a_seekrit",
            "container": {"type": "message", "message_ts": "1548261231.000200", "channel_id": self.channel},
            "trigger_id": "12466734323.1395872398",
            "channel": {"id": self.channel, "name": "test"},
            "response_url": self.slack.response_url(name),
            "actions": [
                {
                    "action_id": button["action_id"],
                    "block_id": "=qXel",
                    "text": button["text"],
                    "value": button["value"],
                    "type": "button",
                    "action_ts": "1548426417.840180",
                }
            ],
        }
        return self.post("/v1/chat/slack/interactions", {"payload": json.dumps(payload)})


def buttons_of(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the buttons of a message."""
    rows = [block["elements"] for block in message.get("blocks", []) if block["type"] == "actions"]
    return [button for row in rows for button in row]


def text_of(message: Mapping[str, Any]) -> str:
    """Return everything that a message shows, as JSON."""
    return json.dumps(message, ensure_ascii=False)


def teams_file(**changes: Any) -> str:
    """Return the file of workspaces: one user may build, his boss may approve too."""
    cluster = {
        "kind": "nested_cluster",
        "host": {"label": "purpose=lab"},
        "nodes": {"count": 3, "image": {"name": "ws2022"}, "memory_mib": 8192},
        "network": {"switch": {"kind": "internal", "name": "matryoshka-lab"}, "subnet": "172.30.50.0/24"},
        "cluster": {"name": "NESTED-CL"},
        "guest": {"password": {"ref": "env:MATRYOSHKA_SECRET_GUEST"}},
    }
    host = {
        "kind": "nested_host",
        "host": {"label": "purpose=lab"},
        "node": {"image": {"name": "ws2022"}},
        "network": {"switch": {"kind": "internal", "name": "matryoshka-lab"}, "subnet": "172.30.51.0/24"},
    }
    team: dict[str, Any] = {
        "tenant": "default",
        "rules": [
            {"channels": [CHANNEL], "scopes": ["jobs:read"]},
            {"users": [USER, BOSS], "channels": [CHANNEL], "scopes": ["jobs:read", "jobs:write"]},
        ],
        "templates": {"cluster": cluster, "host": host},
        "bot_token": {"ref": "env:MATRYOSHKA_SECRET_SLACK_BOT"},
    }
    return json.dumps({"teams": {TEAM: {**team, **changes}}})
