"""`matryoshka webhooks ...`: endpoints and deliveries as a caller sees them, and a receiver to try them with."""

from __future__ import annotations

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import click

from schemas.webhook import FORMATS, SIGNINGS
from service.commands.asking import sure
from service.commands.client import client_from_env
from service.commands.secret_sources import SecretSource
from service.commands.showing import show, show_list
from service.commands.tables import Column
from service.commands.verbs import Verbs, limited
from service.commands.verifying import NotVerified, check_keys, verify
from service.commands.waiting import seconds_of

_ENDPOINT_COLUMNS = (
    Column("id", kind="id"),
    Column("url"),
    Column("state", kind="state"),
    Column("types", rank=1),
    Column("failing", "failing_since", "age", 2),
    Column("paused", "paused_until", "age", 3),
)
_DELIVERY_COLUMNS = (
    Column("id", kind="id"),
    Column("type"),
    Column("state", kind="state"),
    Column("tries"),
    Column("age", "created_at", "age", 2),
    Column("next_try", "next_try_at", "age", 1),
    Column("endpoint", "endpoint_id", "id", 3),
    Column("job", "job_id", "id", 4),
)
_MOST_BYTES = 1 << 20


@click.group(cls=Verbs)
def webhooks() -> None:
    """Webhooks: endpoints, deliveries, and a receiver for trying them."""


@webhooks.command("list")
@limited
def list_endpoints() -> None:
    """List endpoints, newest first."""
    show_list(client_from_env().pages("/v1/webhook-endpoints"), _ENDPOINT_COLUMNS)


@webhooks.command("show")
@click.argument("endpoint_id")
def show_endpoint(endpoint_id: str) -> None:
    """Show an endpoint; its secret is never shown."""
    show(client_from_env().get(f"/v1/webhook-endpoints/{endpoint_id}"))


@webhooks.command("add")
@click.option("--url", required=True, help="Where events are sent.")
@click.option("--type", "types", multiple=True, help="Such as job.succeeded, repeatable; all without it.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="default: standard")
@click.option("--signing", type=click.Choice(SIGNINGS), help="default: hmac")
@click.option("--description")
@click.option(
    "--secret-from", "secret", type=SecretSource(), help="env:NAME, file:PATH or prompt; one is made without."
)
def add_endpoint(**given: Any) -> None:
    """Register an endpoint. Its signing secret is shown now and never again."""
    body = {name: value for name, value in given.items() if value}
    if "form" in body:
        body["format"] = body.pop("form")
    show(client_from_env().call("POST", "/v1/webhook-endpoints", body))


@webhooks.command()
@click.argument("endpoint_id")
def enable(endpoint_id: str) -> None:
    """Take a disabled endpoint back into use."""
    client, path = client_from_env(), f"/v1/webhook-endpoints/{endpoint_id}"
    show(client.call("PATCH", path, {"state": "active"}, **{"If-Match": client.etag(path)}))


@webhooks.command()
@click.argument("endpoint_id")
@click.option(
    "--overlap", callback=seconds_of, default="24h", show_default=True, help="How long the old one signs too."
)
@click.option(
    "--secret-from", "secret", type=SecretSource(), help="env:NAME, file:PATH or prompt; one is made without."
)
def rotate(endpoint_id: str, overlap: int, secret: Any) -> None:
    """Take a new signing secret into use, which is shown now and never again; 0h is for one that leaked."""
    body = {"overlap_seconds": overlap, **({"secret": secret} if secret else {})}
    show(client_from_env().call("POST", f"/v1/webhook-endpoints/{endpoint_id}:rotate", body))


@webhooks.command("delete")
@click.argument("endpoint_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete_endpoint(endpoint_id: str, *, yes: bool) -> None:
    """Forget an endpoint and give up its deliveries. In a terminal it asks first."""
    client, path = client_from_env(), f"/v1/webhook-endpoints/{endpoint_id}"
    found = client.get(path)
    sure(f"Forget the endpoint {found['url']}?", yes=yes)
    client.call("DELETE", path, **{"If-Match": client.etag(path)})
    click.echo(f"{endpoint_id} is forgotten")


@webhooks.command()
@click.option("--endpoint-id")
@click.option("--job-id")
@click.option("--state")
@limited
def deliveries(**filters: str | None) -> None:
    """List deliveries, newest first."""
    show_list(client_from_env().pages("/v1/webhook-deliveries", **filters), _DELIVERY_COLUMNS)


@webhooks.command()
@click.argument("endpoint_id")
def ping(endpoint_id: str) -> None:
    """Send a ping to an endpoint and show the delivery."""
    show(client_from_env().call("POST", f"/v1/webhook-endpoints/{endpoint_id}:ping"))


@webhooks.command()
@click.argument("endpoint_id")
@click.option("--since", required=True, help="An RFC 3339 time, such as 2026-01-31T12:00:00Z.")
@click.option("--state", "states", multiple=True, default=("failed",), show_default=True)
def redeliver(endpoint_id: str, since: str, states: tuple[str, ...]) -> None:
    """Send an endpoint's deliveries since a time again."""
    body = {"since": since, "states": list(states)}
    show(client_from_env().call("POST", f"/v1/webhook-endpoints/{endpoint_id}:redeliver", body))


@webhooks.command()
@click.option("--port", default=0, help="0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--count", default=0, help="Leave after so many verified webhooks; 0 goes on until Ctrl-C.")
@click.option(
    "--answer", "status", default=204, show_default=True, help="The status to answer a verified webhook with."
)
def listen(port: int, host: str, count: int, status: int) -> None:
    """Receive webhooks, verify and print them: one JSON line each on standard output.

    The keys come from MATRYOSHKA_WEBHOOK_KEYS: `whsec_...` secrets or `whpk_...` public keys, with spaces between them.
    What is not verified is answered 401 and told on standard error. The address is printed first.
    """
    keys = os.environ.get("MATRYOSHKA_WEBHOOK_KEYS", "").split()
    try:
        check_keys(keys)
    except ValueError as error:
        raise click.ClickException(f"MATRYOSHKA_WEBHOOK_KEYS: {error}") from error
    if not keys:
        raise click.ClickException("MATRYOSHKA_WEBHOOK_KEYS has no key: set it to the endpoint's secret or public key.")
    listener = _Listener((host, port), keys, status)
    click.echo(f"listening on http://{host}:{listener.server_address[1]}/", err=True)
    with listener:
        while not count or listener.verified < count:
            listener.handle_request()


class _Listener(ThreadingHTTPServer):
    """Handles one request after another, so that what is printed stays in order."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], keys: list[str], status: int) -> None:
        super().__init__(address, _Handler)
        self.keys = keys
        self.status = status
        self.verified = 0

    def process_request(self, request: Any, client_address: Any) -> None:
        """In this thread: the next one waits."""
        self.finish_request(request, client_address)
        self.shutdown_request(request)


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    timeout = 10

    def do_POST(self) -> None:
        """Verify, print, answer."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _MOST_BYTES:
            self._end(413)
            return
        body = self.rfile.read(int(length))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            verify(self.server.keys, headers, body, time.time())
            line = {"id": headers["webhook-id"], "at": int(headers["webhook-timestamp"]), "body": json.loads(body)}
        except (NotVerified, ValueError, KeyError) as error:
            click.echo(f"not verified: {error}", err=True)
            self._end(401)
            return
        click.echo(json.dumps(line, ensure_ascii=False))
        sys.stdout.flush()
        self.server.verified += 1
        self._end(self.server.status)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing: what matters is printed."""

    def _end(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()
