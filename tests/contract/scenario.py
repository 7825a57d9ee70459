"""One promise of one function: a world, who calls what in it, and what both engines must answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.contract.world import HOST, PASSWORD, World, a_world


@dataclass(frozen=True)
class Secret:
    """A SecureString."""

    text: str = field(repr=False)


@dataclass(frozen=True)
class Login:
    """A PSCredential."""

    user: str = "Administrator"
    password: str = field(default=PASSWORD, repr=False)


@dataclass(frozen=True)
class VmId:
    """The id of a VM when the call is made, by its name (and owner) on a machine; where there is none, nobody's id."""

    name: str
    machine: str = HOST
    owner: str | None = None


@dataclass(frozen=True)
class Switched:
    """A [switch] that is given."""


@dataclass(frozen=True)
class Step:
    """A call. `machine` runs it: 'host', the name of a node's VM, or 'node/vm'."""

    function: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    machine: str = HOST


@dataclass(frozen=True)
class Scenario:
    """One case of the contract. What both engines answer is compared; what stands here must be so on both.

    `name`: 'fresh' or 'read', 'already done', 'half done', 'what-if', 'refused: ...'. `first`: calls that make the
    world what it is, without errors. `expect`: '' for success, else the whole FullyQualifiedErrorId. `changed`: the
    output's Changed (None: it has none, or it may be either). `answers`: fields of the output that must be so.
    `unchanged`: the world afterwards is the world before (None: so it must be for a what-if and where Changed is no).
    `warnings`: how many there must be (None: the same number). `uncertain`: why nobody knows what Windows really does.
    `undo`: the calls that take from a real host what the scenario made there; without it a change is not run there.
    `not_on_hosts`: why it cannot run on a real host although its world is the plain one (host.py: the other reasons).
    """

    function: str
    name: str
    world: World = field(default_factory=a_world)
    arguments: Mapping[str, Any] = field(default_factory=dict)
    machine: str = HOST
    what_if: bool = False
    expect: str = ""
    changed: bool | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    unchanged: bool | None = None
    warnings: int | None = None
    first: tuple[Step, ...] = ()
    uncertain: str = ""
    undo: tuple[Step, ...] = ()
    not_on_hosts: str = ""

    @property
    def id(self) -> str:
        """What names it in a test run."""
        return f"{self.function}-{self.name}".replace(" ", "_")

    @property
    def step(self) -> Step:
        """The call itself, with -WhatIf where it is one."""
        extra = {"WhatIf": Switched()} if self.what_if else {}
        return Step(self.function, {**self.arguments, **extra}, self.machine)

    @property
    def must_stay(self) -> bool:
        """Whether the world must be afterwards what it was before."""
        return (self.what_if or self.changed is False) if self.unchanged is None else self.unchanged


@dataclass(frozen=True)
class Failure:
    """An error record. `type` is the .NET type of the exception, `hresult` signed."""

    id: str
    category: str
    hresult: int
    type: str
    message: str = ""
    target: str = ""


@dataclass(frozen=True)
class Outcome:
    """What one engine did: the same shape for both.

    `output`: the objects that came out. `errors`: every error record; `failed`: one of them ended the call. `before`,
    `after`: the world as `observation` says it. `names`: what ids stand for. `trouble`: why there is no outcome.
    """

    output: list[Any] = field(default_factory=list)
    errors: list[Failure] = field(default_factory=list)
    failed: bool = False
    warnings: list[str] = field(default_factory=list)
    streams: Mapping[str, int] = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    trouble: str = ""
    milliseconds: float = 0.0
