"""What holds for the plan of any valid request."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from service.ledger.plan import Plan, PlanContext
from service.ledger.plans import build_plan
from service.ledger.plans.layout import layout_of
from tests.unit.ledger.plan_records import IMAGE, context, host, living
from tests.unit.schemas.bodies import DOMAIN, LAB_ID, body, refusals

_STEP_ID = re.compile(r"[A-Za-z0-9-]+")


@st.composite
def _networks(draw: st.DrawFn, count: int) -> dict[str, Any]:
    kind = draw(st.sampled_from(["internal", "external"]))
    switch = {"kind": kind, "name": "lab"}
    if kind == "external" and draw(st.booleans()):
        return {"switch": switch, "addressing": "dhcp"}
    network: dict[str, Any] = {"switch": switch, "subnet": draw(st.sampled_from(["10.9.0.0/24", "10.9.4.0/22"]))}
    if draw(st.booleans()):
        network["gateway"] = (
            "10.9." + ("0." if network["subnet"].endswith("24") else "5.") + str(draw(st.integers(1, 254)))
        )
    if kind == "internal":
        network["nat"] = draw(st.booleans())
    if draw(st.booleans()):
        third = "0" if network["subnet"].endswith("24") else "4"
        hosts = draw(st.lists(st.integers(1, 254), min_size=count, max_size=count, unique=True))
        network["addresses"] = [f"10.9.{third}.{number}" for number in hosts]
    network["dns_servers"] = draw(st.lists(st.sampled_from(["10.9.0.2", "10.9.4.2", "9.9.9.9"]), max_size=2))
    return network


@st.composite
def _clusters(draw: st.DrawFn) -> dict[str, Any]:
    count = draw(st.integers(1, 20))
    disks = [{"size_gib": 10}] * draw(st.integers(0, 3))
    cluster: dict[str, Any] = {
        "name": "CL",
        "storage": draw(st.sampled_from(["none", "s2d"])),
        "witness": draw(
            st.sampled_from(
                [{"kind": "none"}, {"kind": "file_share", "path": r"\\s\w"}, {"kind": "disk", "disk_name": "Q"}]
            )
        ),
        "validation": {"gate": draw(st.sampled_from(["fail", "warn", "skip"]))},
    }
    if draw(st.booleans()):
        cluster["access_point"] = draw(st.sampled_from(["dns", "active_directory_and_dns", "none"]))
    asked = body(
        nodes__count=count,
        nodes__data_disks=disks,
        nodes__name_prefix=draw(st.sampled_from(["nest", "a", "HV-x"])),
        network=draw(_networks(count)),
        cluster=cluster,
        guest__access=draw(st.sampled_from(["powershell_direct", "winrm"])),
        smoke_test__enabled=draw(st.booleans()),
        baseline_probe=draw(st.booleans()),
    )
    return asked | ({"identity": DOMAIN} if draw(st.booleans()) else {})


_CONTEXTS = st.builds(
    context,
    host=st.sampled_from([None, host(), host(report=None, storage_path="")]),
    image=st.sampled_from([None, IMAGE]),
    lab_id=st.sampled_from(["", LAB_ID]),
)


def _request(asked: dict[str, Any]) -> dict[str, Any]:
    from schemas.job import JobRequestSchema

    assume(not refusals(asked))
    return JobRequestSchema().load(asked)


def _check(plan: Plan) -> None:
    seen: set[str] = set()
    for step in plan.steps:
        assert step.id not in seen
        assert set(step.needs) <= seen  # so every need exists, stands earlier, and there is no circle
        assert _STEP_ID.fullmatch(step.id)
        assert step.deadline_seconds >= step.weight_seconds * 6 + 120
        seen.add(step.id)
    json.dumps([step._asdict() for step in plan.steps])


@given(asked=_clusters(), known=_CONTEXTS)
def test_any_cluster_has_a_sound_plan(asked: dict[str, Any], known: PlanContext) -> None:
    """Any valid cluster request gives a plan without repeated ids, missing needs or circles, that is plain JSON."""
    plan = build_plan(_request(asked), known)

    _check(plan)
    assert plan.steps[-1].id == "publish-lab"


@given(asked=_clusters(), known=_CONTEXTS)
def test_facts_are_written_before_they_are_read(asked: dict[str, Any], known: PlanContext) -> None:
    """A step that reaches into a node comes after the step that makes it."""
    plan = build_plan(_request(asked), known)
    reach: dict[str, set[str]] = {}
    for step in plan.steps:
        reach[step.id] = set(step.needs).union(*(reach[need] for need in step.needs))
        for fact in step.reads:
            first, _, rest = fact.partition(".")
            node, _, name = rest.partition(".")
            if first == "node" and name == "vm_id":
                assert f"create-node-{node}" in reach[step.id]
            if first == "node" and name == "address":
                assert f"configure-guest-{node}" in reach[step.id]


@given(asked=_clusters())
def test_addresses_are_distinct_and_inside(asked: dict[str, Any]) -> None:
    """Static addresses of nodes, cluster and gateway differ, whether given or chosen."""
    layout = layout_of(_request(asked), context())
    network = layout.network
    used = [node.address for node in layout.nodes] + [layout.cluster_address, network.gateway]
    known = [address for address in used if address]

    assert len(known) == len(set(known))
    assert not network.static or all(node.address for node in layout.nodes)


@given(asked=_clusters())
def test_any_lab_can_be_torn_down_and_verified(asked: dict[str, Any]) -> None:
    """Whatever was built has a sound teardown and a sound verification."""
    request = _request(asked)
    known = living(build_plan(request, context()), request)

    _check(build_plan(_request(body("teardown")), known))
    _check(build_plan(_request(body("verify_lab")), known))
