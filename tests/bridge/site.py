"""The bridge's host: the sandbox's door and WS-Management over engine shells."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Final

from sandbox.accounts import Account, Accounts
from sandbox.bugs import Bugs
from sandbox.counters import Counters
from sandbox.faults import Fault, Faults
from sandbox.http import Door, HttpSettings, make_handler
from sandbox.identity import ShellRules
from sandbox.listener import Listener
from sandbox.shell_port import Opening
from sandbox.tls import make_tls_files, server_context
from sandbox.wsman import DEFAULT_CONFIGURATION, Endpoint, EndpointSettings
from tests.bridge.engine import Launch
from tests.bridge.options import Options
from tests.bridge.shell import EngineShell

_LOCAL: Final = "127.0.0.1"
_PURGE_SECONDS: Final = 5.0
# A session as of a plain endpoint; the scripts run in the runspace before the client's first command.
_SESSION = """@{{
    SchemaVersion = '2.0.0.0'
    GUID = '5f0b7c1e-8f0e-4c39-9a45-2f3a1d6c0b11'
    SessionType = 'Default'
    LanguageMode = 'FullLanguage'
    ScriptsToProcess = @({scripts})
}}
"""


class BridgeSite:
    """One host. Start it, then `stop` it; no engine is left afterwards."""

    def __init__(self, options: Options, private: Path) -> None:
        """Build it; `private` is a directory that only this process reads, `work` in it is where the engines start."""
        self.faults = Faults()
        self.bugs = Bugs()
        self.counters = Counters()
        self.name = options.name
        self._options = options
        self._private = private
        self._work = private / "work"
        self._work.mkdir()
        self._startup = self._startup_file()
        self._lock = threading.Lock()
        self._all: list[EngineShell] = []
        self._ended = threading.Event()
        names = frozenset({DEFAULT_CONFIGURATION, *options.configurations})
        rules = ShellRules(idle_disconnect_seconds=options.idle_disconnect_seconds)
        self.endpoint = Endpoint(
            options.name, self._make_shell, EndpointSettings(options.shells_per_user, names, rules)
        )
        self._listen()

    def _listen(self) -> None:
        options = self._options
        accounts = Accounts([Account(options.username, options.password)])
        accounts.write_ntlm_file(self._private / "ntlm-users", [".", options.name])
        files = make_tls_files(options.ca_dir, options.username)
        is_tls = options.scheme == "https"
        context = server_context(files, with_client_certificates="certificate" in options.schemes) if is_tls else None
        http = HttpSettings(accounts, options.schemes, "")
        door = Door(
            http, self.endpoint, self.faults, self.bugs, self.counters, lambda _: True, self.refuse, self._reboot
        )
        self.listener = Listener((_LOCAL, options.port), make_handler(door), self.bugs, context)
        self._ca_file = str(files.ca.resolve()) if is_tls else ""

    def describe(self) -> dict[str, Any]:
        """The entry of the line that the process prints, as the sandbox's."""
        port, scheme = int(self.listener.server_address[1]), self._options.scheme
        return {
            "name": self.name,
            "wsman_url": f"{scheme}://{_LOCAL}:{port}/wsman",
            "address": _LOCAL,
            "port": port,
            "scheme": scheme,
            "ca_file": self._ca_file,
        }

    def start(self) -> None:
        """Listen, and delete expired shells, in threads."""
        threading.Thread(target=self.listener.serve, name="listener", daemon=True).start()
        threading.Thread(target=self._purge, name="purge", daemon=True).start()

    def stop(self) -> None:
        """End listener and engines."""
        self._ended.set()
        self.listener.end()
        self.kill_all_shells()
        for shell in self._known():
            shell.kill()

    def kill_all_shells(self) -> int:
        """End every shell's engine at once and forget the shell, as a restart of the host does; how many."""
        shells = [shell for shell in self.endpoint.shells.all() if isinstance(shell, EngineShell)]
        for shell in shells:
            shell.kill()
            self.endpoint.shells.remove(shell.identity.shell_id)
        return len(shells)

    def restart(self, seconds: float) -> None:
        """What clients see of a restart: connections and shells are gone, and new ones refused for a while."""
        self.refuse(seconds)
        self.kill_all_shells()

    def refuse(self, seconds: float) -> None:
        """Drop all connections and refuse new ones for so many seconds; shells live on."""
        self.listener.refuse()
        self._later(seconds, self.listener.accept_again)

    def _reboot(self, fault: Fault) -> None:
        self._later(fault.delay_seconds or 0.0, lambda: self.restart(1.0 if fault.seconds is None else fault.seconds))

    def _later(self, seconds: float, work: Any) -> None:
        timer = threading.Timer(seconds, work)
        timer.daemon = True
        timer.start()

    def _make_shell(self, opening: Opening) -> EngineShell:
        shell = EngineShell(opening, self._launch, self.endpoint.shells.remove, self.bugs)
        with self._lock:
            self._all = [known for known in self._all if not known.is_over]
            self._all.append(shell)
        return shell

    def _known(self) -> list[EngineShell]:
        with self._lock:
            return list(self._all)

    def _launch(self, configuration: str) -> Launch:
        chosen = self._options.configurations.get(configuration, self._startup)
        file = "" if chosen is None else str(chosen)
        return Launch(self._options.pwsh, self._options.environment, self._work, file)

    def _startup_file(self) -> Path | None:
        if not self._options.startup:
            return None
        scripts = ", ".join("'" + str(path).replace("'", "''") + "'" for path in self._options.startup)
        file = self._private / "startup.pssc"
        file.write_text(_SESSION.format(scripts=scripts), encoding="utf-8")
        return file

    def _purge(self) -> None:
        while not self._ended.wait(_PURGE_SECONDS):
            self.endpoint.shells.purge()
