"""The bridge's control API, JSON over HTTP on 127.0.0.1; the routes of the sandbox's that make sense here.

- GET    /healthz                  {"status": "ok"}
- GET    /shells                   [{"host", "shells": [{"shell_id", "pid", "user", "connected", "commands"}]}]
- DELETE /shells                   kill every shell's engine at once: {"killed": n}
- POST   /hosts/<name>/reboot      the same, and refuse connections for {"seconds": n} (default 1)
- GET    /bugs                     [] in every good run
- GET    /counts                   {"wire.requests": {action: times}, "wire.faults": {kind: times}}
- GET, POST, DELETE /faults        rules of sandbox/faults.py on actions (Create, Receive, ...); nothing knows functions
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.control import Answer
from sandbox.faults import FaultSpecError, fault_from_mapping
from tests.bridge.shell import EngineShell
from tests.bridge.site import BridgeSite


class BridgeControl:
    """The routes."""

    def __init__(self, site: BridgeSite) -> None:
        self._site = site
        self._routes: dict[tuple[str, str], Callable[[Any], Answer]] = {
            ("GET", "/healthz"): lambda _: (200, {"status": "ok"}),
            ("GET", "/shells"): lambda _: (200, [{"host": site.name, "shells": self._shells()}]),
            ("DELETE", "/shells"): lambda _: (200, {"killed": site.kill_all_shells()}),
            ("POST", f"/hosts/{site.name}/reboot"): self._reboot,
            ("GET", "/bugs"): lambda _: (200, site.bugs.all()),
            ("GET", "/counts"): lambda _: (200, self._counts()),
            ("GET", "/faults"): lambda _: (200, site.faults.snapshot()),
            ("POST", "/faults"): self._add_faults,
            ("DELETE", "/faults"): lambda _: (200, {"removed": site.faults.clear()}),
        }

    def answer(self, method: str, path: str, body: Any) -> Answer:
        """Status and JSON of a request."""
        route = self._routes.get((method, path))
        if route is None:
            return 404, {"error": f"no {method} {path}"}
        try:
            return route(body)
        except FaultSpecError as error:
            return 422, {"error": str(error)}

    def _reboot(self, body: Any) -> Answer:
        self._site.restart(float((body or {}).get("seconds", 1.0)))
        return 202, {"name": self._site.name}

    def _add_faults(self, body: Any) -> Answer:
        faults = [fault_from_mapping(rule) for rule in (body if isinstance(body, list) else [body])]
        return 201, {"ids": [self._site.faults.add(fault).id for fault in faults]}

    def _counts(self) -> dict[str, Any]:
        wire = {**self._site.counters.snapshot(), "faults": self._site.faults.snapshot()["applied"]}
        return {f"wire.{group}": names for group, names in wire.items()}

    def _shells(self) -> list[dict[str, Any]]:
        return [
            {
                "shell_id": shell.identity.shell_id,
                "pid": shell.engine.pid if shell.engine else None,
                "user": shell.identity.user,
                "connected": shell.presence.is_connected(),
                "commands": [
                    {"id": command.command_id, "functions": [], "done": command.is_done} for command in shell.commands()
                ],
            }
            for shell in self._site.endpoint.shells.all()
            if isinstance(shell, EngineShell)
        ]
