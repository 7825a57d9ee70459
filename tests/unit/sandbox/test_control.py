"""The control API's answers about the world, without its server."""

from __future__ import annotations

import json
from typing import Any

from sandbox.control import Control
from sandbox.machine.clock import Clock
from sandbox.machine.config import WorldConfig
from sandbox.machine.world import World
from sandbox.universe import Universe


class Room:
    """What the routes below need of a site, around a real world whose time stands still."""

    def __init__(self) -> None:
        self.world = Universe(World(WorldConfig(), Clock(start=1_700_000_000.0, monotonic=lambda: 0.0)))

    def counts(self) -> dict[str, Any]:
        """The world's effects and one count of the wire."""
        return {**self.world.counts(), "wire.requests": {"Create": 1}}

    def all_bugs(self) -> list[dict[str, Any]]:
        """One bug."""
        return [{"where": "wire", "message": "it broke"}]


def control() -> Control:
    """The routes on a fresh world."""
    return Control(Room())  # type: ignore[arg-type]  # a stand-in for the site: no sockets


def test_the_root_shows_everything_at_once() -> None:
    """GET / is world, counts and bugs in one answer, each as at its own address."""
    routes = control()
    status, everything = routes.answer("GET", "/", None)

    assert 200 == status
    assert {name: routes.answer("GET", f"/{name}", None)[1] for name in ("world", "counts", "bugs")} == everything
    assert everything["bugs"]
    assert {"Create": 1} == everything["counts"]["wire.requests"]


def test_a_vm_of_somebody_else_can_be_there() -> None:
    """POST /vms makes a running VM that carries no notes of ours on the first host, and counts it as any other."""
    routes = control()
    wanted = {"name": "legacy", "memory_mib": 2048, "password": "Their-0wn-Pass"}
    status, made = routes.answer("POST", "/vms", wanted)
    everything = routes.answer("GET", "/", None)[1]
    (found,) = everything["world"]["hosts"][0]["vms"]

    assert (201, "legacy", True) == (status, made["name"], made["running"])
    assert (made["id"], "legacy", "", 2048) == (found["id"], found["name"], found["notes"], found["memory_startup_mib"])
    assert [1] == [times for target, times in everything["counts"]["vm_created"].items() if "legacy" in target]
    assert wanted["password"] not in json.dumps(everything, default=str)


def test_a_vm_that_cannot_be_understood_is_refused() -> None:
    """An unknown member, no name, an unknown host and no object are 422 with the reason, and nothing is made."""
    routes = control()
    bodies = [{"name": "other", "colour": "red"}, {}, {"name": "other", "host": "HV99"}, ["other"]]
    answers = [routes.answer("POST", "/vms", body) for body in bodies]

    assert [422] * len(bodies) == [status for status, _ in answers]
    assert "colour" in answers[0][1]["error"]
    assert [] == routes.answer("GET", "/world", None)[1]["hosts"][0]["vms"]
