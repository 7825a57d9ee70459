"""The nesting rules: every build with every CPU vendor, then each rule by itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ledger.nesting import can_nest, could_build, findings_for_host, findings_for_node
from service.ledger.nesting.releases import AMD, INTEL, RELEASES, parse_version, release_of
from service.ledger.plan import Finding, Severity

_NAMES = {INTEL: "Intel", AMD: "AMD"}
# Which released builds nest: docs/sources.md H1 and H3.
_NESTS = {
    (10586, INTEL): True,
    (10586, AMD): False,
    (14393, INTEL): True,
    (14393, AMD): False,
    (17763, INTEL): True,
    (17763, AMD): False,
    (19041, INTEL): True,
    (19041, AMD): False,
    (19042, INTEL): True,
    (19042, AMD): False,
    (19043, INTEL): True,
    (19043, AMD): False,
    (19044, INTEL): True,
    (19044, AMD): False,
    (20348, INTEL): True,
    (20348, AMD): True,
    (22000, INTEL): True,
    (22000, AMD): True,
    (22621, INTEL): True,
    (22621, AMD): True,
    (22631, INTEL): True,
    (22631, AMD): True,
    (26100, INTEL): True,
    (26100, AMD): True,
}


def _report(build: int = 20348, vendor: str = INTEL, **more: Any) -> dict[str, Any]:
    return {
        "os_build": build,
        "cpu_vendor": vendor,
        "hyper_v_installed": True,
        "hypervisor_present": True,
        "vbs_running": False,
        "nested_virt_offered": True,
        "is_virtual_machine": False,
        "is_administrator": True,
        "is_hyper_v_administrator": True,
        **more,
    }


def _found(findings: tuple[Finding, ...]) -> dict[str, str]:
    return {finding.code: str(finding.severity) for finding in findings}


def test_the_table_has_every_release() -> None:
    """No release that we have facts about is left out of the table."""
    assert {build for build, _ in _NESTS} == {release.build for release in RELEASES}


@pytest.mark.parametrize(("build", "vendor"), _NESTS, ids=[f"{build}-{_NAMES[vendor]}" for build, vendor in _NESTS])
def test_every_build_with_every_vendor(build: int, vendor: str) -> None:
    """A healthy host of each build and vendor nests exactly when Microsoft says so."""
    release = release_of(build)
    assert release is not None
    newest = ".".join(map(str, release.newest_version or (7, 0)))
    report = _report(build, vendor, supported_vm_versions=["5.0", newest], default_vm_version=newest)

    assert can_nest(report) is _NESTS[build, vendor]
    if not _NESTS[build, vendor]:
        assert _found(findings_for_host(report))["HOST_CPU_UNSUPPORTED"] == "error"
    assert not [item for item in findings_for_node(report, {"memory_mib": 4096}) if item.severity is Severity.ERROR]


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (_report(9600), ("HOST_BUILD_TOO_OLD", "error")),
        (_report(10565), ("HOST_PREVIEW", "warning")),
        (_report(14361), ("HOST_PREVIEW", "warning")),
        ({"cpu_vendor": INTEL}, ("HOST_BUILD_UNKNOWN", "warning")),
        ({"os_build": 20348}, ("HOST_CPU_UNKNOWN", "warning")),
        (_report(vendor="CentaurHauls"), ("HOST_CPU_UNSUPPORTED", "error")),
        (_report(19636, AMD), ("HOST_AMD_UNCERTAIN", "warning")),
        (_report(20347, AMD), ("HOST_AMD_UNCERTAIN", "warning")),
        (_report(19635, AMD), ("HOST_CPU_UNSUPPORTED", "error")),
        (_report(10586), ("VM_VERSION_UNCERTAIN", "info")),
        (_report(supported_vm_versions=["5.0", "7.1"]), ("VM_VERSION_TOO_LOW", "error")),
        (_report(vendor=AMD, supported_vm_versions=["8.0", "9.2"]), ("VM_VERSION_TOO_LOW", "error")),
        (_report(hyper_v_installed=False), ("HYPERV_MISSING", "error")),
        (_report(hypervisor_present=False), ("HYPERVISOR_NOT_RUNNING", "error")),
        (_report(nested_virt_offered=False), ("NESTING_SWITCHED_OFF", "error")),
        (_report(10586, vbs_running=True), ("HOST_VBS", "error")),
        (_report(14361, vbs_running=True), ("HOST_VBS", "warning")),
        (_report(17763, vbs_running=True), ("HOST_VBS", "warning")),
        (_report(is_virtual_machine=True), ("HOST_IS_VM", "warning")),
        (_report(is_administrator=False), ("NAT_NEEDS_ADMINISTRATOR", "warning")),
        (_report(is_administrator=False, is_hyper_v_administrator=False), ("ACCESS_DENIED", "error")),
        (_report(10586), ("PREVIEW_LIMITS", "warning")),
        (_report(20348), ("LIVE_MIGRATION_NOT_PROMISED", "info")),
    ],
)
def test_a_rule_about_a_host(report: dict[str, Any], expected: tuple[str, str]) -> None:
    """Each rule finds its case with its severity."""
    assert expected in _found(findings_for_host(report)).items()


@pytest.mark.parametrize(
    "report",
    [
        _report(20348, vbs_running=True),
        _report(supported_vm_versions=["8.0", "9.0"]),
        _report(vendor=AMD, supported_vm_versions=["8.0", "9.3"]),
        _report(supported_vm_versions=["junk"]),
    ],
)
def test_a_host_that_is_fine(report: dict[str, Any]) -> None:
    """A host inside the rules has neither errors nor warnings."""
    assert set(_found(findings_for_host(report)).values()) <= {"info"}


@pytest.mark.parametrize(
    ("report", "settings", "expected"),
    [
        (_report(), {"memory_mib": 4095}, ("MEMORY_TOO_SMALL", "error")),
        (_report(), {"memory_mib": 1024, "allow_small_memory": True}, ("MEMORY_TOO_SMALL", "warning")),
        (_report(), {"processor_count": 226, "guest_build": 17763}, ("TOO_MANY_PROCESSORS", "warning")),
        (_report(), {"processor_count": 1}, ("ONE_PROCESSOR", "info")),
        (_report(), {"guest_build": 9600}, ("GUEST_BUILD_TOO_OLD", "error")),
        (_report(), {"guest_build": 10586}, ("GUEST_PREVIEW", "warning")),
        (_report(), {"vm_version": "7.1"}, ("VM_VERSION_TOO_LOW", "error")),
        (_report(default_vm_version="7.1"), {}, ("VM_VERSION_TOO_LOW", "warning")),
        (_report(vendor=AMD), {"vm_version": "9.2"}, ("VM_VERSION_TOO_LOW", "error")),
        (_report(vendor=AMD), {"vm_version": "9.3"}, ("VM_VERSION_UNCERTAIN", "info")),
        (_report(10586), {"dynamic_memory": True}, ("DYNAMIC_MEMORY", "error")),
        (_report(14393), {"dynamic_memory": True}, ("DYNAMIC_MEMORY", "info")),
        (_report(14393), {}, ("MEMORY_FIXED_WHILE_RUNNING", "info")),
        (_report(), {"saved": True}, ("VM_SAVED", "error")),
        (_report(10586), {"checkpoints": 2}, ("CHECKPOINTS_EXIST", "warning")),
        (_report(14393), {"checkpoints": 2}, ("CHECKPOINTS_EXIST", "info")),
    ],
)
def test_a_rule_about_a_node(report: dict[str, Any], settings: dict[str, Any], expected: tuple[str, str]) -> None:
    """Each rule finds its case with its severity."""
    assert expected in _found(findings_for_node(report, settings)).items()


@pytest.mark.parametrize(
    ("report", "settings"),
    [
        (_report(), {"memory_mib": 4096, "processor_count": 240, "guest_build": 20348, "vm_version": "10.0"}),
        (_report(), {"processor_count": 225, "guest_build": 17763}),
        (_report(vendor=AMD), {"vm_version": "10.0"}),
        (_report(), {"memory_mib": 0, "checkpoints": 0, "saved": False, "dynamic_memory": False}),
        ({}, {"vm_version": "5.0"}),
    ],
)
def test_a_node_that_is_fine(report: dict[str, Any], settings: dict[str, Any]) -> None:
    """A node inside the rules is told at most that its memory is fixed while it runs."""
    assert set(_found(findings_for_node(report, settings))) <= {"MEMORY_FIXED_WHILE_RUNNING"}


def test_nothing_known_is_nothing_forbidden() -> None:
    """An empty report is answered with warnings only: what is not known is not judged."""
    assert set(_found(findings_for_host({})).values()) == {"warning"}


_REPORTS = st.fixed_dictionaries(
    {},
    optional={
        "os_build": st.integers(0, 30000),
        "cpu_vendor": st.sampled_from([INTEL, AMD, "Other", ""]),
        "vbs_running": st.booleans() | st.none(),
        "hyper_v_installed": st.booleans() | st.none(),
        "hypervisor_present": st.booleans() | st.none(),
        "nested_virt_offered": st.booleans() | st.none(),
        "is_virtual_machine": st.booleans() | st.none(),
        "is_administrator": st.booleans() | st.none(),
        "supported_vm_versions": st.lists(st.sampled_from(["5.0", "8.0", "9.3", "12.0", "x"]), max_size=4) | st.none(),
        "default_vm_version": st.sampled_from(["8.0", "9.3", "", "x"]) | st.none(),
    },
)


@given(report=_REPORTS)
def test_every_finding_says_why_and_what_to_do(report: dict[str, Any]) -> None:
    """Whatever the report, each finding has code, reason, remedy and source, and errors come first."""
    found = [*findings_for_host(report), *findings_for_node(report, {"memory_mib": 1024, "saved": True})]
    order = [("error", "warning", "info").index(str(item.severity)) for item in findings_for_host(report)]

    assert all(item.code and item.reason and item.remedy and item.source for item in found)
    assert order == sorted(order)


def test_what_a_host_could_build() -> None:
    """Free memory beside the reserve says how many smallest nodes fit, if the host nests at all."""
    report = _report(memory_free_mib=2048 + 3 * 4096)

    assert could_build(report) == {
        "can_nest": True,
        "kinds": ["nested_host", "nested_cluster"],
        "smallest_nodes_now": 3,
    }
    assert could_build(report | {"hyper_v_installed": False}) == {
        "can_nest": False,
        "kinds": [],
        "smallest_nodes_now": 0,
    }
    assert could_build(_report())["kinds"] == []


@pytest.mark.parametrize(
    ("text", "version"), [("9.3", (9, 3)), ("10.0", (10, 0)), ("x", None), ("10", None), (None, None)]
)
def test_versions_compare_as_numbers(text: str | None, version: tuple[int, ...] | None) -> None:
    """A VM version is compared number by number: 10.0 is newer than 9.3."""
    assert parse_version(text) == version
