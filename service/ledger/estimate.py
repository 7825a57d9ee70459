"""How long steps last under a host's bounds: list scheduling, the longest remaining chain first. Pure.

Used for the ETA in the plan's view, and by the benchmark to compare a real run with.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Protocol


class Weighted(Protocol):
    """The part of a step that matters for time."""

    @property
    def id(self) -> str:
        """The step's id."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The ids of the steps before it."""

    @property
    def weight_seconds(self) -> float:
        """Its estimate on a healthy host."""

    @property
    def heavy(self) -> bool:
        """Whether it counts against the bound of heavy steps."""


def critical_path_seconds(steps: Sequence[Weighted]) -> float:
    """Return the longest chain of weights: the shortest possible duration with unlimited parallelism.

    Needs that are not among the steps count as done. Steps stand after what they need.
    """
    ends: dict[str, float] = {}
    for step in steps:
        ends[step.id] = max((ends.get(need, 0.0) for need in step.needs), default=0.0) + step.weight_seconds
    return max(ends.values(), default=0.0)


def bounded_seconds(steps: Sequence[Weighted], parallel: int, heavy: int) -> float:
    """Return the duration with at most `parallel` steps at once, of which at most `heavy` heavy ones.

    Needs that are not among the steps count as done, so the rest of a running job can be asked about too.
    Raises ValueError when a bound is below 1.
    """
    if parallel < 1 or heavy < 1:
        raise ValueError("both bounds must be 1 or more")
    return _Schedule(steps, parallel, heavy).run()


class _Schedule:
    """One simulated run: starts what may start, jumps to the next end, until nothing is left."""

    def __init__(self, steps: Sequence[Weighted], parallel: int, heavy: int) -> None:
        self._steps = {step.id: step for step in steps}
        self._waiting = {step.id: {need for need in step.needs if need in self._steps} for step in steps}
        self._tail = _tails(steps)
        self._parallel, self._heavy = parallel, heavy
        self._running: list[tuple[float, str]] = []
        self._now = 0.0

    def run(self) -> float:
        while self._waiting or self._running:
            self._start()
            if not self._running:
                raise ValueError("the steps need each other in a circle")
            self._finish()
        return self._now

    def _start(self) -> None:
        ready = sorted((name for name, needs in self._waiting.items() if not needs), key=lambda name: -self._tail[name])
        for name in ready:
            if self._has_room(name):
                del self._waiting[name]
                heapq.heappush(self._running, (self._now + self._steps[name].weight_seconds, name))

    def _has_room(self, name: str) -> bool:
        if len(self._running) >= self._parallel:
            return False
        busy = sum(self._steps[other].heavy for _, other in self._running)
        return not self._steps[name].heavy or busy < self._heavy

    def _finish(self) -> None:
        self._now, done = heapq.heappop(self._running)
        for needs in self._waiting.values():
            needs.discard(done)


def _tails(steps: Sequence[Weighted]) -> dict[str, float]:
    # The longest chain from a step to the end, its own weight included.
    own = {step.id: step.weight_seconds for step in steps}
    tails = dict(own)
    for step in reversed(steps):
        for need in step.needs:
            if need in own:
                tails[need] = max(tails[need], own[need] + tails[step.id])
    return tails
