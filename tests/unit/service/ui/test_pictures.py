"""The dashboard's pictures: what they show, in shapes and in words."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest

from service.ui.svg.bars import capacity_bar
from service.ui.svg.cpu_levels import cpu_levels
from service.ui.svg.plan_graph import plan_graph
from service.ui.svg.steps import columns, critical_path, drawn_steps, lanes
from service.ui.svg.timeline import clock, timeline
from service.ui.svg.topology import topology

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>alert(1)</script>\"'&"


def _step(name: str, *needs: str, **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "title": f"Title of {name}",
        "needs": list(needs),
        "weight_seconds": 10,
        "state": "pending",
        **more,
    }


# a (shared) -> b (n1), c (n2) -> d (shared); c takes longest.
STEPS = [
    _step("a", state="succeeded", started_at="2026-01-01T00:00:00Z", ended_at="2026-01-01T00:00:10Z"),
    _step("b", "a", node="n1", state="succeeded", started_at="2026-01-01T00:00:10Z", ended_at="2026-01-01T00:00:20Z"),
    _step("c", "a", node="n2", state="succeeded", started_at="2026-01-01T00:00:10Z", ended_at="2026-01-01T00:01:00Z"),
    _step("d", "b", "c", state="succeeded", started_at="2026-01-01T00:01:00Z", ended_at="2026-01-01T00:01:05Z"),
]


def _read(markup: Any) -> ET.Element:
    assert markup is not None
    return ET.fromstring(str(markup))  # noqa: S314 - our own text


def _classes(root: ET.Element) -> list[set[str]]:
    return [set((one.get("class") or "").split()) for one in root.iter()]


def _texts(root: ET.Element) -> list[str]:
    return [one.text or "" for one in root.iter(f"{SVG}text")]


def test_lanes_and_columns() -> None:
    """Each node has a lane below the shared one, and a step stands right of all that it needs."""
    steps = drawn_steps(STEPS)

    assert lanes(steps) == ["host and cluster", "n1", "n2"]
    assert columns(steps) == {"a": 0, "b": 1, "c": 1, "d": 2}


def test_critical_path_of_a_job_that_ran_is_what_it_waited_for() -> None:
    """The path goes back from the last end over the need that ended last each time."""
    assert critical_path(drawn_steps(STEPS)) == {"a", "c", "d"}


def test_critical_path_of_a_plan_is_its_longest_chain() -> None:
    """Before anything ran the estimates decide."""
    plan = [_step("a"), _step("b", "a", weight_seconds=50), _step("c", "a"), _step("d", "b", "c")]

    assert critical_path(drawn_steps(plan)) == {"a", "b", "d"}
    assert critical_path([]) == frozenset()


def test_graph_shows_every_step_and_need_once() -> None:
    """As many boxes as steps, as many lines as needs, the critical ones marked, each state with a sign of its own."""
    root = _read(plan_graph(drawn_steps(STEPS)))
    classes = _classes(root)

    assert sum("step" in one for one in classes) == 4
    assert sum("need" in one for one in classes) == 4
    assert sum({"step", "critical"} <= one for one in classes) == 3
    assert sum({"need", "critical"} <= one for one in classes) == 2
    assert _texts(root).count("✓") == 4


def test_graph_of_64_nodes_has_a_lane_each() -> None:
    """A large plan is drawn whole: nothing is left out, and nothing lies on top of another thing."""
    steps = [_step("first")]
    for number in range(64):
        steps.append(_step(f"make-{number}", "first", node=f"nest-{number}"))
        steps.append(_step(f"boot-{number}", f"make-{number}", node=f"nest-{number}"))
    root = _read(plan_graph(drawn_steps(steps)))
    boxes = [group.find(f"{SVG}rect") for group in root.iter(f"{SVG}g")]
    places = {(box.get("x"), box.get("y")) for box in boxes if box is not None}

    assert len(places) == 129
    assert len([text for text in _texts(root) if text.startswith("nest-")]) == 64


def test_timeline_draws_what_began() -> None:
    """A bar's place and length are its times; what has not begun is not there; what runs ends now."""
    running = [*STEPS[:3], _step("d", "b", "c", state="running", started_at="2026-01-01T00:01:00Z"), _step("e", "d")]
    now = 1767225600.0 + 100
    root = _read(timeline(drawn_steps(running), now))
    bars = [group.find(f"{SVG}rect") for group in root.iter(f"{SVG}g")]
    lengths = [float(bar.get("width") or 0) for bar in bars if bar is not None]

    assert len(lengths) == 4
    assert lengths == pytest.approx([62, 62, 310, 248])
    assert timeline(drawn_steps([_step("a")]), now) is None


ROWS = [
    {
        "level": "L0",
        "node": "",
        "phase": "after_role",
        "verdict": "as_expected",
        "expected": "x",
        "reading": None,
        "reason": "r",
    },
    {
        "level": "L1",
        "node": "n1",
        "phase": "after_role",
        "verdict": "proven",
        "expected": "x",
        "reading": {"hypervisor_launched": True},
    },
    {
        "level": "L2",
        "node": "n1",
        "phase": "running",
        "verdict": "unexpected",
        "expected": "x",
        "reading": {"hypervisor_present": False},
    },
]


def test_levels_lie_inside_each_other() -> None:
    """L2 lies within its node's L1, and that within L0; each verdict is said in words."""
    root = _read(cpu_levels(ROWS, "hv1"))
    found = {}
    for rect in root.iter(f"{SVG}rect"):
        level = (rect.get("class") or "").split()[-1]
        x, y, width, height = (float(rect.get(name) or 0) for name in ("x", "y", "width", "height"))
        found[level] = (x, y, x + width, y + height)

    for inner, outer in (("l2", "l1"), ("l1", "l0")):
        assert found[inner][0] >= found[outer][0]
        assert found[inner][1] >= found[outer][1]
        assert found[inner][2] <= found[outer][2]
        assert found[inner][3] <= found[outer][3]
    assert {"after the role: ✓ proven", "running: ! unexpected", "L0 hv1"} <= set(_texts(root))
    assert cpu_levels([], "hv1") is None


LAB = {
    "id": "lab_1",
    "name": "CL",
    "probes": [*ROWS[:2], {**ROWS[2], "verdict": "proven"}],
    "summary": {
        "nodes": [{"name": "n1", "address": "192.0.2.1", "vm_id": "v"}, {"name": "n2", "address": None, "vm_id": "w"}],
        "cluster": {
            "state": {
                "name": "CL",
                "nodes": [{"name": "n1", "state": "Up"}, {"name": "n2", "state": "Down"}],
                "quorum_type": "Majority",
            }
        },
        "nested_vms": [{"name": "smoke", "node": "n1"}],
    },
}
REQUEST = {
    "nodes": {
        "memory_mib": 8192,
        "processor_count": 4,
        "disk_gib": 40,
        "data_disks": [{"size_gib": 100}, {"size_gib": 200}],
        "image": {"name": "ws2022"},
    },
    "network": {"switch": {"kind": "internal", "name": "sw"}, "subnet": "192.0.2.0/24", "nat": True},
    "cluster": {"witness": {"kind": "file_share"}},
}


def test_topology_names_every_part() -> None:
    """Host, switch, nodes with size and disks, cluster with its health and witness, and nested VMs with their proof."""
    texts = _texts(_read(topology(LAB, REQUEST, "hv1")))

    assert "Host hv1" in texts
    assert {"internal switch sw", "192.0.2.0/24, NAT"} <= set(texts)
    assert {"n1", "n2", "192.0.2.1", "address by DHCP", "4 processors, 8 GiB"} <= set(texts)
    assert "1 of 2 nodes up, quorum Majority, file share witness" in texts
    assert "nested VM, proven to run" in texts
    assert topology({"id": "lab_2", "summary": None}, {}, "hv1") is None


def test_a_lab_of_one_node_has_room_for_its_names() -> None:
    """What is written stays inside the picture, however few nodes make it narrow: 13 px of bold text take 8 px each."""
    network = {"switch": {"kind": "internal", "name": "s" * 64}, "subnet": "172.30.250.0/24", "nat": True}
    summary = {**LAB["summary"], "nodes": LAB["summary"]["nodes"][:1]}
    root = _read(topology({**LAB, "summary": summary}, {**REQUEST, "network": network}, "h" * 20))

    over = [
        one.text
        for one in root.iter(f"{SVG}text")
        if float(one.get("x", "0")) + 8 * len(one.text or "") * ("part-fact" not in one.get("class", ""))
        > float(root.get("width", "0"))
    ]
    assert [] == over


def test_each_disk_is_drawn() -> None:
    """A node shows its own disk with the parent, each data disk with its size, and how many did not fit."""
    texts = _texts(_read(topology(LAB, REQUEST, "hv1")))
    many = {"nodes": {**REQUEST["nodes"], "data_disks": [{"size_gib": size} for size in range(1, 9)]}}
    crowded = _texts(_read(topology(LAB, many, "hv1")))
    alone = _texts(_read(topology(LAB, {"nodes": {**REQUEST["nodes"], "data_disks": []}}, "hv1")))

    nodes = len(LAB["summary"]["nodes"])
    assert [texts.count(words) for words in ("40 GiB on ws2022", "100 GiB", "200 GiB")] == [nodes] * 3
    assert [crowded.count(words) for words in ("1", "4", "+4", "5")] == [nodes, nodes, nodes, 0]
    assert "40 GiB on ws2022" in alone
    assert not [words for words in alone if words.startswith("+") or words == "100 GiB"]


def test_bars_add_up() -> None:
    """Each holder's part is as long as its share; an unknown total is said to be unknown."""
    root = _read(capacity_bar("m", "Memory", "GiB", 100, [("lab_a", 25), ("lab_b", 50)]))
    parts = [float(rect.get("width") or 0) for rect in root.iter(f"{SVG}rect") if "held" in (rect.get("class") or "")]

    assert parts == [104, 209]
    assert "75 of 100 GiB held" in _texts(root)
    assert "an unknown total" in "".join(_texts(_read(capacity_bar("m", "Memory", "GiB", None, []))))


def test_hostile_names_are_only_names() -> None:
    """Whatever a title, a node, a host or a lab is called, it adds no element to a picture."""
    evil = [_step("a"), _step("b", "a", node=HOSTILE, title=HOSTILE, message=HOSTILE)]
    lab = {**LAB, "name": HOSTILE, "summary": {"nodes": [{"name": HOSTILE, "address": HOSTILE, "vm_id": HOSTILE}]}}
    rows = [{**ROWS[1], "node": HOSTILE, "expected": HOSTILE}]
    pictures = [
        plan_graph(drawn_steps(evil)),
        topology(lab, REQUEST, HOSTILE),
        cpu_levels(rows, HOSTILE),
        capacity_bar("m", HOSTILE, "GiB", 1, [(HOSTILE, 1)]),
    ]

    for picture in pictures:
        root = _read(picture)
        assert not [one for one in root.iter() if one.tag.endswith("script")]
        assert HOSTILE in "".join(root.itertext())


@pytest.mark.parametrize(
    "picture",
    [
        plan_graph(drawn_steps(STEPS)),
        timeline(drawn_steps(STEPS), 0),
        cpu_levels(ROWS, "h"),
        topology(LAB, REQUEST, "h"),
    ],
)
def test_pictures_have_a_text_alternative(picture: Any) -> None:
    """Each picture is an image with a title and a description that its root names."""
    root = _read(picture)
    named = (root.get("aria-labelledby") or "").split()

    assert root.get("role") == "img"
    assert [one.get("id") for one in root if one.tag in (f"{SVG}title", f"{SVG}desc")] == named
    assert all((one.text or "").strip() for one in root if one.get("id") in named)


def test_durations_are_said_as_people_say_them() -> None:
    """Seconds, minutes and hours."""
    assert [clock(seconds) for seconds in (0.4, 59, 65, 3600, 7860)] == [
        "0 s",
        "59 s",
        "1 min 05 s",
        "1 h 00 min",
        "2 h 11 min",
    ]


@pytest.mark.parametrize("seconds", [1, 2, 3, 4, 59, 7200])
def test_no_two_ticks_say_the_same(seconds: int) -> None:
    """A job of three seconds has ticks at 0, 1, 2 and 3 s, not two at each."""
    ended = f"2026-01-01T{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}Z"
    root = _read(timeline(drawn_steps([_step("a", started_at="2026-01-01T00:00:00Z", ended_at=ended)]), 0))
    ticks = [one.text for one in root.iter(f"{SVG}text") if one.get("class") == "tick-name"]

    assert len(ticks) == len(set(ticks)) == min(seconds, 5) + 1
