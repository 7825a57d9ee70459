"""Fakes that the workers' tests share: a scripted host, a clock that only moves when told, and a claim."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from service.ledger.store.claims import Claim
from workers.errors import RemoteError
from workers.psrp.port import GuestTarget
from workers.psrp.way import Certificate, Offered, Place, Presented, Reached, Resolved, Shipped

Answer = (
    Any  # a dict; an exception to raise; a callable(call) -> dict; or a list of these, one a call, the last one stays
)


CERTIFICATE = Certificate(
    subject="CN=hv01.example",
    issuer="CN=Example CA",
    names=("hv01.example",),
    not_before=1_690_000_000.0,
    not_after=1_790_000_000.0,
    thumbprint="AB" * 20,
    sha256="cd" * 32,
    self_signed=False,
    for_servers=True,
    pem="-----BEGIN CERTIFICATE-----",
)


_PLACE = Place("hv01.example", 5986, "https", "negotiate", r"EXAMPLE\svc")
_RESOLVED = Resolved(("192.0.2.7",))
_REACHED = Reached("192.0.2.7", 0.002)
_PRESENTED = Presented(True, version="TLSv1.3", certificate=CERTIFICATE)
_OFFERED = Offered(401, ("Negotiate", "Kerberos"), "Microsoft-HTTPAPI/2.0")
_SHIPPED = Shipped("0.1.0", "ab" * 32, frozenset({"Get-NestedNode"}))


@dataclass
class FakeWay:
    """A WayPort of which every stage is well, unless the test says otherwise; `log` lists the stages in order."""

    place: Place = _PLACE
    resolved: Resolved = _RESOLVED
    reached: Reached = _REACHED
    presented: Presented = _PRESENTED
    offered: Offered = _OFFERED
    logon: BaseException | None = None
    shell: BaseException | None = None
    visible: frozenset[str] | BaseException | None = frozenset({"Get-NestedNode"})
    module: Shipped = _SHIPPED
    log: list[str] = field(default_factory=list)

    def resolve(self) -> Resolved:
        """Answer from the script."""
        self.log.append("resolve")
        return self.resolved

    def connect(self, addresses: Sequence[str]) -> Reached:
        """Answer from the script."""
        self.log.append("connect")
        return self.reached if addresses else Reached()

    def present(self) -> Presented:
        """Answer from the script."""
        self.log.append("present")
        return self.presented

    def ask(self) -> Offered:
        """Answer from the script."""
        self.log.append("ask")
        return self.offered

    def log_on(self) -> None:
        """Do as the script says."""
        self.log.append("log_on")
        if self.logon is not None:
            raise self.logon

    def open_shell(self) -> None:
        """Do as the script says."""
        self.log.append("open_shell")
        if self.shell is not None:
            raise self.shell

    def visible_functions(self) -> frozenset[str] | None:
        """Answer from the script."""
        self.log.append("visible_functions")
        if isinstance(self.visible, BaseException):
            raise self.visible
        return self.visible

    def shipped(self) -> Shipped:
        """Answer from the script."""
        return self.module


@dataclass(frozen=True)
class Call:
    """One call that a step made. `verb` is read, change or call; `target` is None on the host itself."""

    verb: str
    name: str
    parameters: dict[str, Any]
    target: GuestTarget | None = None


class FakeHost:
    """A HostPort with scripted answers by function name. `log` lists every call in order, guests' calls too.

    A function without an answer fails as on Windows: CommandNotFoundException. `road` is the way to it.
    """

    def __init__(self, answers: Mapping[str, Answer] | None = None, road: FakeWay | None = None) -> None:
        self.answers: dict[str, Answer] = dict(answers or {})
        self.road = road or FakeWay()
        self.log: list[Call] = []
        self._target: GuestTarget | None = None
        self._root = self

    def read(self, name: str, /, **parameters: Any) -> dict[str, Any]:
        """Answer from the script."""
        return self._answer("read", name, parameters)

    def change(self, name: str, /, **parameters: Any) -> dict[str, Any]:
        """Answer from the script."""
        return self._answer("change", name, parameters)

    def call(self, name: str, /, **parameters: Any) -> dict[str, Any]:
        """Answer from the script."""
        return self._answer("call", name, parameters)

    def guest(self, target: GuestTarget) -> FakeHost:
        """Return a view of this host whose calls carry the target; script and log are shared."""
        view = FakeHost()
        view._root = self._root
        view._target = target
        return view

    def way(self) -> FakeWay:
        """Return the way that the test made."""
        return self._root.road

    def names(self, verb: str | None = None) -> list[str]:
        """Return the names of the calls so far, of one verb or of all."""
        return [call.name for call in self._root.log if verb in (None, call.verb)]

    def _answer(self, verb: str, name: str, parameters: dict[str, Any]) -> dict[str, Any]:
        call = Call(verb, name, parameters, self._target)
        self._root.log.append(call)
        if name not in self._root.answers:
            raise RemoteError(f"{name} is not scripted", error_id="CommandNotFoundException", category="ObjectNotFound")
        answer = self._next(name)
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(answer, Callable):  # type: ignore[arg-type]
            return dict(answer(call))
        return copy.deepcopy(dict(answer))

    def _next(self, name: str) -> Answer:
        answer = self._root.answers[name]
        if not isinstance(answer, list):
            return answer
        return answer.pop(0) if len(answer) > 1 else answer[0]


class FakeClock:
    """A clock that moves by `sleep` and `advance` only. `time` and `monotonic` answer the same seconds."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def time(self) -> float:
        """Return the seconds since 1970."""
        return self.now

    def monotonic(self) -> float:
        """Return the same seconds as `time`."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move on by `seconds` and remember it."""
        self.slept.append(seconds)
        self.now += seconds

    def advance(self, seconds: float) -> None:
        """Move on by `seconds`."""
        self.now += seconds


@dataclass
class Reports:
    """Collects what a step reported: progress as (percent, message), log entries as (type, data)."""

    progress: list[tuple[int | None, str]] = field(default_factory=list)
    entries: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def report(self, percent: int | None, message: str) -> None:
        """Remember one progress report."""
        self.progress.append((percent, message))

    def log(self, type_: str, data: Mapping[str, Any]) -> None:
        """Remember one log entry."""
        self.entries.append((str(type_), dict(data)))


_STEP: dict[str, Any] = {
    "id": "create-node-nest-1",
    "action": "CreateNode",
    "title": "Create nest-1",
    "needs": [],
    "params": {},
    "reads": [],
    "node": "nest-1",
    "weight_seconds": 4.0,
    "deadline_seconds": 600,
    "max_attempts": 3,
    "heavy": False,
    "undoable": True,
}

_CLAIM = {
    "job_id": "job_0123456789abcdef0123456789",
    "kind": "nested_cluster",
    "phase": "forward",
    "fence": 1,
    "token": "1:worker:token",
    "attempt": 1,
    "generation": 1,
    "host_id": "host_1",
    "lab_id": "lab_1",
    "facts": {},
    "secrets": {},
    "request": {},
    "lease_deadline": 1_700_000_060.0,
    "step_started_at": 1_700_000_000.0,
    "memo": {},
}


def make_claim(
    action: str = "CreateNode",
    params: Mapping[str, Any] | None = None,
    *,
    step: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Claim:
    """Return a claim of one step; `step` overrides fields of the step, the other keywords fields of the claim."""
    whole_step = {**_STEP, "action": action, "params": dict(params or {}), **dict(step or {})}
    return Claim(step=whole_step, **{**_CLAIM, **fields})


def with_facts(claim: Claim, facts: Mapping[str, Any]) -> Claim:
    """Return the same claim with these facts added."""
    return replace(claim, facts={**claim.facts, **facts})


def guest_calls(log: Iterable[Call]) -> list[Call]:
    """Return those calls that went into a guest."""
    return [call for call in log if call.target is not None]
