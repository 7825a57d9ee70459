"""Runs one pipeline to its end in a thread of its own, with or without a client that listens."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sandbox.bootstrap import BOOTSTRAP_SHA256
from sandbox.bugs import Bugs
from sandbox.counters import Counters
from sandbox.faults import Fault, Faults, invoke_moment
from sandbox.filters import find_filter
from sandbox.machine import Command, MachineLost, PipelineStopped, PsError, Runspace, Streams
from sandbox.psrp import Ended, PsrpPool
from sandbox.scripts import Statement, not_allowed, not_simulated, parse, sha256_of

_BOOTSTRAP: Final = "bootstrap.ps1"
_HANG_SECONDS: Final = 3600.0
_WRAPPERS: Final = frozenset({"invoke-nestedcall", "invoke-nestedguestcall"})
_SCRIPT_WORDS: Final = frozenset({"invoke-expression", "iex"})

Write = Callable[[PsrpPool], None]


class Emit(Protocol):
    """How a pipeline reaches its shell: queue records under the shell's lock; `done` closes the command's outbox."""

    def __call__(self, write: Write, *, done: bool = False) -> None:
        """Queue what `write` prepares."""


@dataclass(frozen=True)
class PipelineContext:
    """What all pipelines of a shell share. `on_lost` breaks the host's connections; `reboot` restarts the host.

    `is_restricted` is a JEA session: commands by name only (no-language mode, docs/sources.md H19).
    """

    host: str
    runspace: Runspace
    faults: Faults
    bugs: Bugs
    counters: Counters
    on_lost: Callable[[], None]
    reboot: Callable[[Fault], None]
    is_restricted: bool = False


def function_names(statements: tuple[Statement, ...]) -> frozenset[str]:
    """The functions that a pipeline names, in lower case, also the one behind the journal's wrapper."""
    return frozenset(name for statement in statements for command in statement for name in _names(command))


def _names(command: Command) -> set[str]:
    name = command.name.lower()
    if command.is_script:
        return {command.name} if command.name == _BOOTSTRAP else set()
    inner = command.parameters.get("Name")
    return {name, inner.lower()} if name in _WRAPPERS and isinstance(inner, str) else {name}


class PipelineStreams:
    """The machine's Streams: every record becomes a PSRP message of this pipeline at once."""

    def __init__(self, pipeline_id: str, emit: Emit, context: PipelineContext, stop: threading.Event) -> None:
        self._id = pipeline_id
        self._emit = emit
        self._context = context
        self._stop = stop
        self.activity = ""
        self.functions: frozenset[str] = frozenset()

    def output(self, obj: Any) -> None:
        """One object of the success stream."""
        self._emit(lambda pool: pool.output(self._id, obj))

    def progress(self, activity: str, status: str, percent: int) -> None:
        """A progress record, unless a fault loses it."""
        moment = invoke_moment(self._context.host, self.functions)
        if not self._context.faults.take(moment, only="lost_progress"):
            self._emit(lambda pool: pool.progress(self._id, activity, status, percent))

    def warning(self, text: str) -> None:
        """A warning record."""
        self._emit(lambda pool: pool.warning(self._id, text))

    def verbose(self, text: str) -> None:
        """A verbose record."""
        self._emit(lambda pool: pool.verbose(self._id, text))

    def information(self, text: str) -> None:
        """An information record."""
        self._emit(lambda pool: pool.information(self._id, text, self._context.host))

    def error(self, error: PsError) -> None:
        """A non-terminating error record."""
        self._emit(lambda pool: pool.error(self._id, error, self.activity))

    def stopped(self) -> bool:
        """Whether the client asked to stop, or the shell is gone."""
        return self._stop.is_set()


class _Collected:
    """Streams whose output is kept for the next command of the statement; the rest passes through."""

    def __init__(self, inner: Streams) -> None:
        self._inner = inner
        self.objects: list[Any] = []

    def output(self, obj: Any) -> None:
        self.objects.append(obj)

    def progress(self, activity: str, status: str, percent: int) -> None:
        self._inner.progress(activity, status, percent)

    def warning(self, text: str) -> None:
        self._inner.warning(text)

    def verbose(self, text: str) -> None:
        self._inner.verbose(text)

    def information(self, text: str) -> None:
        self._inner.information(text)

    def error(self, error: PsError) -> None:
        self._inner.error(error)

    def stopped(self) -> bool:
        return self._inner.stopped()


class Interpreter:
    """Runs statements on a runspace, faults included."""

    def __init__(self, context: PipelineContext, streams: PipelineStreams, stop: threading.Event) -> None:
        self._context = context
        self._streams = streams
        self._stop = stop

    def run(self, statements: tuple[Statement, ...], inputs: list[Any]) -> None:
        """Run all statements; the input goes to the first command.

        Raises:
            PsError, PipelineStopped, MachineLost: as the machine does.
        """
        for number, statement in enumerate(statements):
            self._statement(statement, inputs if number == 0 else [], self._streams)

    def _statement(self, statement: Statement, inputs: list[Any], out: Streams) -> None:
        *earlier, last = statement
        objects = inputs
        for command in earlier:
            kept = _Collected(out)
            self._command(command, objects, kept)
            objects = kept.objects
        self._command(last, objects, out)

    def _command(self, command: Command, objects: list[Any], out: Streams) -> None:
        if self._stop.is_set():
            raise PipelineStopped
        if command.is_script or command.name.lower() in _SCRIPT_WORDS:
            self._script(command, objects, out)
            return
        work = find_filter(command.name)
        if work is None:
            self._invoke(_with_input(command, objects), out)
            return
        for item in work(command, objects):
            out.output(item)

    def _script(self, command: Command, objects: list[Any], out: Streams) -> None:
        if self._context.is_restricted:
            raise not_allowed(command)
        text = command.name if command.is_script else _script_of(command)
        if sha256_of(text) == BOOTSTRAP_SHA256:
            self._invoke(Command(_BOOTSTRAP, True, command.parameters, command.positional), out)
            return
        for statement in parse(text):
            self._statement(statement, objects, out)

    def _invoke(self, command: Command, out: Streams) -> None:
        functions = frozenset(_names(command))
        self._streams.activity = "" if command.is_script else command.name
        self._streams.functions = functions
        moment = invoke_moment(self._context.host, functions)
        self._apply(self._context.faults.take(moment))
        for name in functions:
            self._context.counters.add("invocations", name)
        self._context.runspace.invoke(command, out)
        self._apply(self._context.faults.take(moment.after()))

    def _apply(self, faults: list[Fault]) -> None:
        for fault in faults:
            if fault.kind in ("slow", "hang"):
                self._wait(fault)
            elif fault.kind == "reboot":
                self._reboot(fault)
            elif fault.kind == "error":
                raise PsError(fault.error_id, fault.category, "Injected by a fault.")

    def _wait(self, fault: Fault) -> None:
        default = _HANG_SECONDS if fault.kind == "hang" else 1.0
        if self._stop.wait(default if fault.seconds is None else fault.seconds):
            raise PipelineStopped

    def _reboot(self, fault: Fault) -> None:
        self._context.reboot(fault)
        if not fault.delay_seconds:
            raise MachineLost(self._context.host)


def _with_input(command: Command, objects: list[Any]) -> Command:
    if not objects:
        return command
    return Command(command.name, False, {**command.parameters, "InputObject": objects}, command.positional)


def _script_of(command: Command) -> str:
    given = command.parameters.get("Command", command.positional[0] if command.positional else None)
    if not isinstance(given, str):
        raise not_simulated("")
    return given


@dataclass(frozen=True)
class Outcome:
    """How a pipeline ended; no state means that nothing can be said any more (the machine went away)."""

    state: Ended | None
    error: PsError | None = None


def run_pipeline(
    interpreter: Interpreter, statements: tuple[Statement, ...], inputs: list[Any], context: PipelineContext
) -> Outcome:
    """Run to the end and say how it went. Never raises: what nobody expected is a bug and a terminating error."""
    try:
        interpreter.run(statements, inputs)
    except PipelineStopped as error:
        return Outcome(Ended.STOPPED, error)
    except PsError as error:
        return Outcome(Ended.FAILED, error)
    except MachineLost:
        return Outcome(None)
    except Exception as error:  # noqa: BLE001 - the door of the pipeline thread: a bug must not look like a network failure
        context.bugs.report(f"pipeline {sorted(function_names(statements))}", error)
        return Outcome(Ended.FAILED, PsError("Sandbox.Bug", "NotSpecified", "Sandbox bug: see GET /bugs."))
    return Outcome(Ended.COMPLETED)
