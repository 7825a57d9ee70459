"""Calls functions over PSRP as a worker does, and says what came back: for the sandbox and for a real host."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pypsrp.complex_objects import PSInvocationState
from pypsrp.powershell import PowerShell, RunspacePool

from tests.contract.scenario import Failure, Login, Secret, Step, Switched, VmId
from workers.psrp.classify import wire_errors
from workers.psrp.module import shipped_source
from workers.psrp.streams import error_of
from workers.psrp.values import needs_session_key, plain_value, snake_case, wire_value
from workers.secrets import Credential, SecretStr

FindVm = Callable[[VmId], uuid.UUID]


@dataclass(frozen=True)
class Answer:
    """What one call answered."""

    output: list[Any]
    errors: list[Failure]
    failed: bool
    warnings: list[str]
    streams: dict[str, int]


def load_module(pool: RunspacePool) -> None:
    """Bring the module into the session, as a worker does."""
    source = shipped_source()
    shell = PowerShell(pool)
    shell.add_script(source.bootstrap).add_parameters({"Source": source.text, "Sha256": source.sha256})
    with wire_errors():
        shell.invoke()
        shell.close()


def call(pool: RunspacePool, step: Step, find: FindVm) -> Answer:
    """Make a call to its end; WorkerError when the connection breaks."""
    arguments = {name: _value(value, find) for name, value in step.arguments.items()}
    shell = PowerShell(pool)
    with wire_errors():
        if any(needs_session_key(value) for value in arguments.values()):
            pool.exchange_keys()
        shell.add_cmdlet(step.function)
        for name, value in arguments.items():
            shell.add_parameter(name, wire_value(value, name=snake_case(name)))
        shell.invoke()
        shell.close()
    streams = shell.streams
    return Answer(
        output=[plain_value(item) for item in shell.output],
        errors=[_failure(record) for record in streams.error],
        failed=shell.state == PSInvocationState.FAILED,
        warnings=[str(record.message) for record in streams.warning],
        streams={name: len(getattr(streams, name)) for name in ("verbose", "progress", "information")},
    )


def _failure(record: Any) -> Failure:
    error = error_of(record)
    return Failure(error.error_id, error.category, error.hresult, error.type_name, str(error), error.target)


def _value(value: Any, find: FindVm) -> Any:
    """An argument as workers.psrp.values takes it."""
    if isinstance(value, Secret):
        return SecretStr(value.text)
    if isinstance(value, Login):
        return Credential(value.user, SecretStr(value.password))
    if isinstance(value, VmId):
        return find(value)
    if isinstance(value, Switched):
        return True
    if isinstance(value, Mapping):
        return {key: _value(item, find) for key, item in value.items()}
    return [_value(item, find) for item in value] if isinstance(value, list | tuple) else value
