"""The control API: look into the world, count effects, make faults. JSON over HTTP on 127.0.0.1, for tests only.

- GET  /healthz                 {"status": "ok"}
- GET  /world                   the machine's world
- GET  /counts                  {effect: {target: times}}, and wire.requests, wire.invocations, wire.faults
- GET  /bugs                    [] in every good run
- GET  /faults                  rules in force and how often each kind applied
- POST /faults                  one rule or a list of them (sandbox/faults.py) -> 201 with ids
- DELETE /faults                remove all rules, the world's switches go back to the configured ones
- POST /world/faults            {"second_reboot": false, ...}: switches of sandbox/machine/config.py Faults
- POST /hosts/<name>/reboot     restart a host; {"seconds": n} keeps it away at least n nominal seconds
- GET  /                       world, counts and bugs at once
- POST /front                {"certificate": "expired", "schemes": ["negotiate"], ...}: sandbox/front.py
- POST /vms                     {"name", "memory_mib", "password"}: a VM that nobody of ours made, on the first host
- POST /clock                   {"factor": n}: how much faster than life
- GET  /shells                  the shells of every host
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Protocol

from sandbox.faults import Fault, FaultSpecError, fault_from_mapping
from sandbox.site import HostSite, Site

_MOST_BYTES: Final = 2**20
_REBOOT: Final = re.compile(r"^/hosts/([^/]+)/reboot$")

Answer = tuple[int, Any]


class ControlError(Exception):
    """What the caller did wrong, with the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Control:
    """The routes."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._routes: dict[tuple[str, str], Callable[[Any], Answer]] = {
            ("GET", "/healthz"): lambda _: (200, {"status": "ok"}),
            ("GET", "/"): lambda _: (200, self._everything()),
            ("GET", "/world"): lambda _: (200, self._site.world.snapshot()),
            ("GET", "/counts"): lambda _: (200, self._site.counts()),
            ("GET", "/bugs"): lambda _: (200, self._site.all_bugs()),
            ("GET", "/faults"): lambda _: (200, self._site.faults.snapshot()),
            ("GET", "/shells"): lambda _: (200, [self._shells(host) for host in self._site.hosts]),
            ("POST", "/faults"): self._add_faults,
            ("DELETE", "/faults"): self._clear_faults,
            ("POST", "/world/faults"): self._set_world_faults,
            ("POST", "/front"): self._change_front,
            ("POST", "/vms"): self._add_vm,
            ("POST", "/clock"): self._set_clock,
        }

    def answer(self, method: str, path: str, body: Any) -> Answer:
        """Status and JSON of a request."""
        try:
            return self._route(method, path, body)
        except ControlError as error:
            return error.status, {"error": str(error)}
        except FaultSpecError as error:
            return 422, {"error": str(error)}

    def _route(self, method: str, path: str, body: Any) -> Answer:
        if match := _REBOOT.match(path):
            return self._reboot(method, match.group(1), body)
        route = self._routes.get((method, path))
        if route is None:
            raise ControlError(404, f"no {method} {path}")
        return route(body)

    def _add_faults(self, body: Any) -> Answer:
        rules = body if isinstance(body, list) else [body]
        faults = [fault_from_mapping(_mapping(rule)) for rule in rules]
        for fault in faults:
            self._host_of(fault.host)
        added = [self._add(fault) for fault in faults]
        return 201, {"ids": [fault.id for fault in added]}

    def _everything(self) -> dict[str, Any]:
        return {"world": self._site.world.snapshot(), "counts": self._site.counts(), "bugs": self._site.all_bugs()}

    def _add_vm(self, body: Any) -> Answer:
        return 201, self._site.world.add_vm(_mapping(body))

    def _clear_faults(self, _: Any) -> Answer:
        self._site.world.clear_faults()
        return 200, {"removed": self._site.faults.clear()}

    def _set_world_faults(self, body: Any) -> Answer:
        changes = _mapping(body)
        self._site.world.set_faults(changes)
        return 200, {"changed": sorted(changes)}

    def _change_front(self, body: Any) -> Answer:
        changes = _mapping(body)
        self._site.change_front(changes)
        return 200, {"changed": sorted(changes)}

    def _add(self, fault: Fault) -> Fault:
        """A refusal without a condition begins at once: connections that are refused send no request to match."""
        if fault.kind != "refuse" or fault.action or fault.function:
            return self._site.faults.add(fault)
        for host in self._site.hosts if not fault.host else [self._host_of(fault.host)]:
            if host is not None:
                host.refuse(1.0 if fault.seconds is None else fault.seconds)
        return fault

    def _host_of(self, name: str) -> HostSite | None:
        if not name:
            return None
        found = self._site.find(name)
        if found is None:
            raise ControlError(404, f"no host {name}")
        return found

    def _reboot(self, method: str, name: str, body: Any) -> Answer:
        host = self._host_of(name)
        if method != "POST" or host is None:
            raise ControlError(405, "POST it")
        seconds = _mapping(body or {}).get("seconds")
        host.restart(None if seconds is None else float(seconds))
        return 202, {"name": host.host.name, "boot_id": host.host.boot_id}

    def _set_clock(self, body: Any) -> Answer:
        given = _mapping(body)
        factor = given.get("factor", given.get("scale"))
        if not isinstance(factor, (int, float)) or factor <= 0:
            raise ControlError(422, "factor is a number above 0")
        self._site.world.set_speed(float(factor))
        return 200, {"factor": self._site.world.speed()}

    @staticmethod
    def _shells(host: HostSite) -> dict[str, Any]:
        return {
            "host": host.host.name,
            "shells": [
                {
                    "shell_id": shell.identity.shell_id,
                    "user": shell.identity.user,
                    "connected": shell.presence.is_connected(),
                    "commands": [
                        {"id": command.command_id, "functions": sorted(command.functions), "done": command.is_done}
                        for command in shell.commands()
                    ],
                }
                for shell in host.endpoint.shells.all()
            ],
        }


def _mapping(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ControlError(422, "a JSON object, please")
    return body


class Routes(Protocol):
    """What answers the requests: a Control, or that of another foreign machine behind the same door."""

    def answer(self, method: str, path: str, body: Any) -> Answer:
        """Status and JSON of a request."""


class ControlServer(ThreadingHTTPServer):
    """Serves a Control."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, control: Routes) -> None:
        self.control = control
        super().__init__(("127.0.0.1", port), _ControlRequest)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def start(self) -> None:
        """Serve in a thread."""
        threading.Thread(target=self.serve_forever, name="control", daemon=True).start()


class _ControlRequest(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: ControlServer

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_DELETE(self) -> None:
        self._serve("DELETE")

    def _serve(self, method: str) -> None:
        length = min(int(self.headers.get("Content-Length") or 0), _MOST_BYTES)
        raw = self.rfile.read(length) if length else b""
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            self._send(400, {"error": "not JSON"})
            return
        self._send(*self.server.control.answer(method, self.path.partition("?")[0], body))

    def _send(self, status: int, body: Any) -> None:
        data = json.dumps(body, default=str).encode()
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(data)}\r\n\r\n"
        )
        self.wfile.write(head.encode() + data)
