"""A lab goes down and comes up: what ran is noted, saved and started again; the cluster is seen stopped and whole."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes import Call, FakeHost
from tests.unit.workers.steps.bench import NODE, VM_ID, Bench
from tests.unit.workers.steps.records import cluster_record, node_record, ours
from workers.errors import NotConverged, StepRefused
from workers.steps import HANDLERS
from workers.steps.base import NotYet

_FACT = f"node.{NODE}.nested"
_A, _B = {"vm_id": "a-id", "name": "a"}, {"vm_id": "b-id", "name": "b"}
_BASE = {f"node.{NODE}.vm_id": VM_ID, "node.nest-2.vm_id": "22222222-2222-3333-4444-555555555555"}
_CLUSTER = {"name": "lab-cl", "nodes": [NODE, "nest-2"], "first_node": NODE}


class Node:
    """A node with VMs in it, that stops and starts them."""

    def __init__(self, state: str = "Running", **vms: str) -> None:
        self.state, self.vms = state, dict(vms)

    def answers(self) -> dict[str, Any]:
        """Return what a host and this guest answer."""
        return {
            "Get-NestedNode": lambda _: node_record(state=self.state),
            "Get-NestedHostReport": lambda _: {
                "vms": [{"vm_id": f"{name}-id", "name": name, "state": state} for name, state in self.vms.items()]
            },
            "Stop-NestedNode": self._stop,
            "Start-NestedNode": self._start,
        }

    def _stop(self, call: Call) -> dict[str, Any]:
        self._known(call)
        self.vms[call.parameters["vm_id"][0]] = "Saved" if call.parameters.get("save") else "Off"
        return {"changed": True}

    def _start(self, call: Call) -> dict[str, Any]:
        self._known(call)
        self.vms[call.parameters["vm_id"][0]] = "Running"
        return {"changed": True}

    def _known(self, call: Call) -> None:
        assert call.target is not None
        if call.parameters["vm_id"][0] not in self.vms:
            raise ours("VmNotFound")


def _bench(action: str, node: Node, *, memo: Any = None, nested: Any = None, **params: Any) -> Bench:
    facts = _BASE | ({_FACT: nested} if nested is not None else {})
    return Bench(action, FakeHost(node.answers()), params, facts, memo=memo or {}, kind="stop_lab")


def test_the_lab_s_power_is_a_fact() -> None:
    """The ledger's move takes it from there."""
    assert _bench("MarkPower", Node(), power="stopping").run() == ("succeeded", {"lab.power": "stopping"})


def test_what_runs_is_noted() -> None:
    """Whoever made a VM in the node: it runs, so it is started again later."""
    assert _bench("NoteNestedVMs", Node(b="Running", a="Paused", c="Off")).run()[1] == {_FACT: [_A, _B]}


def test_a_stop_that_is_asked_again_forgets_nothing() -> None:
    """What an earlier stop noted stays, also when the node is off by now; a first stop begins anew."""
    noted = [_A]
    assert _bench("NoteNestedVMs", Node(a="Saved", b="Running"), nested=noted, again=True).run()[1][_FACT] == [_A, _B]
    assert _bench("NoteNestedVMs", Node("Off"), nested=noted, again=True).run()[1][_FACT] == [_A]
    assert _bench("NoteNestedVMs", Node(a="Off"), nested=noted, again=False).run()[1][_FACT] == []


def test_a_node_between_states_is_looked_at_again() -> None:
    """A VM that is stopping is neither."""
    with pytest.raises(NotConverged):
        _bench("NoteNestedVMs", Node("Stopping")).run()


def test_the_list_is_in_the_ledger_before_the_first_stop() -> None:
    """Whoever takes over asks for the same calls in the same order: the journal counts them."""
    node = Node(a="Running", b="Running")
    ended, memo = _bench("StopNestedVMs", node, save=True).run()
    assert (ended, memo, node.vms) == ("wait", {"stop": [_A, _B]}, {"a": "Running", "b": "Running"})

    node.vms["a"] = "Saved"  # by a worker that died
    bench = _bench("StopNestedVMs", node, memo=memo, save=True)
    assert bench.run()[0] == "succeeded"
    assert [call.parameters["vm_id"] for call in bench.changes()] == ["a-id", "b-id"]
    assert node.vms == {"a": "Saved", "b": "Saved"}


def test_vms_are_shut_down_when_that_is_asked_for() -> None:
    """Without saving they end Off."""
    node = Node(a="Running")
    _bench("StopNestedVMs", node, memo={"stop": [_A]}, save=False).run()

    assert node.vms == {"a": "Off"}


def test_a_vm_that_still_runs_is_no_success() -> None:
    """One that was started meanwhile is found by the read-back."""
    with pytest.raises(NotConverged, match="b"):
        _bench("StopNestedVMs", Node(a="Running", b="Running"), memo={"stop": [_A]}, save=True).run()


def test_a_node_without_running_vms_is_done() -> None:
    """So is one that is off itself."""
    assert _bench("StopNestedVMs", Node(a="Off")).run()[0] == "skipped"
    assert _bench("StopNestedVMs", Node("Off", a="Running")).run()[0] == "skipped"


def test_what_ran_is_started_again() -> None:
    """The noted VMs run; one that somebody removed is named in a warning; what did not run stays off."""
    node = Node(a="Saved", c="Off")
    bench = _bench("StartNestedVMs", node, nested=[_A, _B])

    assert bench.run()[0] == "succeeded"
    assert node.vms == {"a": "Running", "c": "Off"}
    assert bench.warnings() == ["NESTED_VM_GONE"]
    assert _bench("StartNestedVMs", node, nested=[]).run()[0] == "skipped"


# The cluster


def _cluster(action: str, answers: dict[str, Any], memo: dict[str, Any] | None = None) -> Bench:
    host = FakeHost({"Get-NestedNode": node_record(state="Running"), **answers})
    return Bench(action, host, _CLUSTER, _BASE, memo=memo or {}, kind="stop_lab")


def test_a_cluster_is_stopped_from_a_node_that_takes_part() -> None:
    """The first node's service may be down already; the whole cluster is stopped all the same."""
    stopped: list[Any] = []

    def state(call: Call) -> dict[str, Any]:
        second = call.target is not None and call.target.vm_id.startswith("2222")
        return cluster_record(NODE, "nest-2") if second and not stopped else cluster_record()

    bench = _cluster(
        "StopCluster", {"Get-NestedCluster": state, "Stop-NestedCluster": lambda call: {"n": stopped.append(call)}}
    )
    assert bench.run()[0] == "succeeded"
    assert stopped[0].target.vm_id.startswith("2222")
    assert stopped[0].parameters == {"name": "lab-cl"}


def test_a_service_that_still_runs_is_no_success() -> None:
    """Every node is asked for its service, not only the first."""
    answers = {"Get-NestedCluster": cluster_record(NODE, "nest-2"), "Stop-NestedCluster": {}}
    with pytest.raises(NotConverged, match="nest-1, nest-2"):
        _cluster("StopCluster", answers).run()


def test_nodes_that_are_off_run_no_cluster() -> None:
    """They are not asked."""
    assert _cluster("StopCluster", {"Get-NestedNode": node_record(state="Off")}).run()[0] == "skipped"


def test_a_cluster_comes_up_by_itself() -> None:
    """A boot starts the service: it is waited for, and nothing is called."""
    found = cluster_record(NODE, "nest-2")
    bench = _cluster("StartCluster", {"Get-NestedCluster": [cluster_record(), cluster_record(), found]})

    assert bench.run() == ("wait", {"tries": 1})
    assert bench.run()[1] == {"cluster.state": found}
    assert bench.changes() == []


def test_a_service_that_does_not_come_is_started_once() -> None:
    """After some looks the cluster is told to start; a node that stays down is refused by name."""
    down = {"Get-NestedCluster": cluster_record(NODE), "Start-NestedCluster": {}}
    asked = [len(_run_waiting(down, tries)) for tries in (1, 4, 5)]
    assert asked == [0, 1, 0]

    with pytest.raises(StepRefused, match="nest-2") as refused:
        _cluster("StartCluster", down, {"tries": 24}).run()
    assert refused.value.reason == "NODE_DOWN"


def _run_waiting(answers: dict[str, Any], tries: int) -> list[Call]:
    bench = _cluster("StartCluster", answers, {"tries": tries})
    assert bench.run() == ("wait", {"tries": tries + 1})
    return bench.changes()


# A node that leaves


_LEAVING = {"name": "nest-2", "first_node": NODE}


def _leaving(action: str, **answers: Any) -> Bench:
    return Bench(action, FakeHost(answers), _LEAVING, _BASE, kind="remove_node")


def _with(*states: str, **changes: Any) -> dict[str, Any]:
    nodes = [{"name": f"NEST-{number}", "state": state} for number, state in enumerate(states, start=1)]
    return cluster_record(NODE, nodes=nodes, **changes)


@pytest.mark.parametrize(
    ("found", "is_enough"),
    [
        (_with("Up", "Up"), True),
        (_with("Up", "Up", "Up"), True),
        (_with("Up", "Down", "Up"), True),
        (_with("Up", "Up", "Down"), False),
        (_with("Up", "Up", "Down", witness_resource="Cloud Witness"), True),
        (_with("Up", "Up", "Down", "Down", witness_resource="Cloud Witness"), False),
        (_with("Up", "Up", "Up", "Down"), True),
        (cluster_record(), False),
    ],
)
def test_the_votes_are_counted_before_anything_is_done(found: dict[str, Any], is_enough: bool) -> None:
    """The nodes that stay must be a majority without the one that goes, the witness counted."""
    bench = _leaving("CheckQuorum", **{"Get-NestedCluster": found})
    if is_enough:
        assert bench.run()[0] == "succeeded"
        return
    with pytest.raises(StepRefused) as refused:
        bench.run()
    assert refused.value.reason in ("QUORUM_WOULD_BE_LOST", "CLUSTER_SERVICE_DOWN")


def test_a_node_is_drained_and_seen_paused() -> None:
    """A node that is up or paused is drained; what is not paused afterwards is no success."""
    done = [_with("Up", "Up"), _with("Up", "Paused")]
    bench = _leaving("DrainNode", **{"Get-NestedCluster": done, "Suspend-NestedClusterNode": {}})
    assert bench.run()[0] == "succeeded"

    with pytest.raises(NotConverged):
        _leaving("DrainNode", **{"Get-NestedCluster": _with("Up", "Up"), "Suspend-NestedClusterNode": {}}).run()


def test_a_node_that_is_down_has_nothing_to_drain() -> None:
    """It is said so; a machine that is no node is passed over."""
    down, absent = (_leaving("DrainNode", **{"Get-NestedCluster": one}) for one in (_with("Up", "Down"), _with("Up")))

    assert (down.run()[0], down.warnings()) == ("skipped", ["NODE_DOWN_NOT_DRAINED"])
    assert (absent.run()[0], absent.warnings()) == ("skipped", [])


@pytest.mark.parametrize(("word", "code"), [("DrainFailed", "DRAIN_FAILED"), ("NodeUnknown", "CLUSTER_NODE_MISSING")])
def test_a_refused_drain_has_its_reason(word: str, code: str) -> None:
    """The job fails with a code of ours."""
    bench = _leaving("DrainNode", **{"Get-NestedCluster": _with("Up", "Up"), "Suspend-NestedClusterNode": ours(word)})
    with pytest.raises(Exception, match="localized") as caught:
        bench.run()
    assert getattr(caught.value, "code", "") == code


def test_a_node_is_evicted_and_seen_gone() -> None:
    """An evicted node is left alone; one that is still listed is no success."""
    gone = _leaving(
        "EvictNode", **{"Get-NestedCluster": [_with("Up", "Paused"), _with("Up")], "Remove-NestedClusterNode": {}}
    )
    assert gone.run()[0] == "succeeded"
    assert _leaving("EvictNode", **{"Get-NestedCluster": _with("Up")}).run()[0] == "skipped"

    with pytest.raises(NotConverged):
        _leaving("EvictNode", **{"Get-NestedCluster": _with("Up", "Paused"), "Remove-NestedClusterNode": {}}).run()


def test_a_join_is_taken_back() -> None:
    """A rollback evicts the node before its VM goes, and is safe where the cluster cannot be asked."""
    answers = {"Get-NestedNode": node_record(state="Running"), "Remove-NestedClusterNode": {"changed": True}}
    bench, deaf = _leaving("JoinNode", **answers), _leaving("JoinNode", **{**answers, "Get-NestedNode": node_record()})
    for one in (bench, deaf):
        one.undo()

    assert [call.parameters for call in bench.changes()] == [{"name": "nest-2"}]
    assert (deaf.changes(), deaf.warnings()) == ([], ["LEFT_INSIDE"])


def test_the_shape_is_the_ledger_s_to_write() -> None:
    """The step asks no host; it runs every time, and its undo has nothing to do there."""
    bench = _leaving("ReshapeLab")
    assert isinstance(HANDLERS["ReshapeLab"].check(bench.context()), NotYet)
    assert bench.run()[0] == "succeeded"
    bench.undo()
    assert bench.host.log == []
