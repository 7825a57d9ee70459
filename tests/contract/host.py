"""Runs scenarios on a real Windows host, given by MATRYOSHKA_TEST_HOST, and judges them by their own anchors.

    MATRYOSHKA_TEST_HOST=https://Administrator@hv01.example:5986/?auth=negotiate&ca=/etc/ssl/lab-ca.pem
    MATRYOSHKA_TEST_HOST_PASSWORD=...     or MATRYOSHKA_TEST_HOST_PASSWORD_FILE=PATH

Query: `auth` (negotiate, kerberos, basic, certificate...), `ca` (a PEM file), `configuration` (a JEA endpoint, which
has the module), `image` (a VHDX of the host that boots Windows), `switch` (an external switch). The host should be one
that nobody needs: scenarios make their worlds with the module's functions, and take everything away (maker.py).
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from pypsrp.powershell import DEFAULT_CONFIGURATION_NAME, RunspacePool
from pypsrp.wsman import WSMan

from tests.contract import maker
from tests.contract.remote import Answer, call, load_module
from tests.contract.scenario import Outcome, Scenario, Step, VmId
from tests.contract.simulated import Simulation
from tests.contract.world import HOST, IMAGE, NESTED_IMAGE, OWNER, made_id
from tests.rules.functions_page import functions_of_page
from workers.psrp.transport import Endpoint, Timeouts, connection_arguments
from workers.secrets import SecretStr

ADDRESS = "MATRYOSHKA_TEST_HOST"
PASSWORD = "MATRYOSHKA_TEST_HOST_PASSWORD"
PASSWORD_FILE = "MATRYOSHKA_TEST_HOST_PASSWORD_FILE"
_CHANGING = frozenset(function.name for function in functions_of_page().values() if function.changes)
_CALLS = ("Invoke-NestedCall", "Invoke-NestedGuestCall")


class HostSettingsError(Exception):
    """MATRYOSHKA_TEST_HOST cannot be understood; the message says what is wrong."""


@dataclass(frozen=True)
class RealHost:
    """A host and what of it scenarios may use. `image`, `switch`: '' when scenarios that need one cannot run."""

    endpoint: Endpoint
    image: str = ""
    switch: str = ""
    timeouts: Timeouts = field(default_factory=Timeouts)

    def why_not(self, scenario: Scenario, simulation: Simulation) -> str:
        """Why a scenario cannot run here; '' when it can. The simulation tries whether its world can be made."""
        changes = scenario.function in _CHANGING or scenario.function in _CALLS
        harmless = scenario.what_if or scenario.expect or scenario.unchanged or scenario.changed is False
        text = repr((maker.making(scenario.world), scenario.first, scenario.arguments))
        reasons = {
            scenario.not_on_hosts: bool(scenario.not_on_hosts),
            "it runs in a guest": scenario.machine != HOST,
            "nobody takes away what it makes": bool(changes and not harmless and not maker.is_undone(scenario)),
            "nobody takes away what its first steps make": not all(maker.is_undoable(step) for step in scenario.first),
            "the host has no `image` for it": repr(IMAGE) in text and not self.image,
            "the host has no image of nested VMs": repr(NESTED_IMAGE) in text,
            "the host has no `switch` for it": "'External'" in text and not self.switch,
        }
        found = next((reason for reason, holds in reasons.items() if holds), "")
        return found or maker.why_not(simulation, scenario.world)

    def run(self, scenario: Scenario) -> Outcome:
        """Make a scenario's world, play it and take everything away. There is no before and after: nobody observes."""
        made = (*maker.making(scenario.world), *scenario.first)
        with self._pool() as pool:
            try:
                answer = self._play(pool, made, scenario.step)
            finally:
                for step in (*scenario.undo, *maker.undoing((*made, scenario.step))):
                    self._call(pool, step)
        if isinstance(answer, str):
            return Outcome(trouble=answer)
        return Outcome(answer.output, answer.errors, answer.failed, answer.warnings, answer.streams)

    def _play(self, pool: RunspacePool, first: tuple[Step, ...], last: Step) -> Answer | str:
        for step in first:
            answer = self._call(pool, step)
            if answer.errors:
                return f"the first step {step.function} failed: {answer.errors[0]}"
        return self._call(pool, last)

    def _call(self, pool: RunspacePool, step: Step) -> Answer:
        given = replace(step, arguments=_of_host(step.arguments, {IMAGE: self.image, "External": self.switch}))
        return call(pool, given, lambda wanted: self._find_vm(pool, wanted))

    def _find_vm(self, pool: RunspacePool, wanted: VmId) -> uuid.UUID:
        step = Step("Get-NestedNode", {"Name": wanted.name, "Owner": wanted.owner or OWNER})
        found = [item.get("VMId") for item in call(pool, step, lambda _: uuid.UUID(int=0)).output]
        return uuid.UUID(str(found[0])) if found and found[0] else uuid.UUID(made_id("nobody", wanted.name))

    @contextmanager
    def _pool(self) -> Iterator[RunspacePool]:
        name = self.endpoint.configuration_name or DEFAULT_CONFIGURATION_NAME
        with (
            WSMan(self.endpoint.address, **connection_arguments(self.endpoint, self.timeouts)) as connection,
            RunspacePool(connection, configuration_name=name) as pool,
        ):
            if not self.endpoint.is_preinstalled:
                load_module(pool)
            yield pool


def real_host(environment: Mapping[str, str] | None = None) -> RealHost | None:
    """The host that the environment names; None when it names none. HostSettingsError says what is missing."""
    given = os.environ if environment is None else environment
    if not given.get(ADDRESS):
        return None
    parts = urlsplit(given[ADDRESS])
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.password:
        raise HostSettingsError(f"{ADDRESS} is http(s)://user@host:port/?auth=..., and holds no password")
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    unknown = sorted(set(query) - {"auth", "ca", "configuration", "image", "switch"})
    if unknown:
        raise HostSettingsError(f"{ADDRESS} has parameters that mean nothing: {', '.join(unknown)}")
    is_tls = parts.scheme == "https"
    endpoint = Endpoint(
        host_id="test-host",
        key="test-host",
        address=parts.hostname,
        port=parts.port or (5986 if is_tls else 5985),
        scheme=parts.scheme,
        auth=query.get("auth", "negotiate"),
        username=unquote(parts.username or "Administrator"),
        secret=SecretStr(_password(given)),
        ca_pem=Path(query["ca"]).read_text(encoding="utf-8") if query.get("ca") else "",
        configuration_name=query.get("configuration", ""),
    )
    return RealHost(endpoint, query.get("image", ""), query.get("switch", ""))


def _password(given: Mapping[str, str]) -> str:
    if given.get(PASSWORD_FILE):
        return Path(given[PASSWORD_FILE]).read_text(encoding="utf-8").rstrip("\r\n")
    if given.get(PASSWORD):
        return given[PASSWORD]
    raise HostSettingsError(f"{ADDRESS} needs {PASSWORD} or {PASSWORD_FILE}")


def _of_host(value: Any, names: Mapping[str, str]) -> Any:
    """A value with the host's own image and switch in the place of the plain world's."""
    if isinstance(value, str):
        return names.get(value) or value
    if isinstance(value, Mapping):
        return {key: _of_host(item, names) for key, item in value.items()}
    return [_of_host(item, names) for item in value] if isinstance(value, list | tuple) else value
