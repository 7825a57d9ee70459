"""A host is tested stage by stage: the simulated one fails in each way, and the first failure is told with its cure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.commands.certificates import ends_at
from service.ledger.checks import checks_of
from service.ledger.plan import PlanContext, Step
from service.ledger.plans import build_plan
from service.ledger.sealing import seal
from service.ledger.store import Host
from tests.integration.sandbox_process import PASSWORD, SandboxProcess, running_sandbox
from tests.integration.worker_kit import Workshop, open_workshop

_VARIABLES = ("--account", "watcher=SANDBOX_PASSWORD:standard", "--account", "locked=SANDBOX_PASSWORD:locked")

_GOOD = {"certificate": "good", "schemes": ["basic", "negotiate"], "hidden": [], "listening": True, "locked": []}


@pytest.fixture(scope="module")
def machine() -> Iterator[SandboxProcess]:
    """A host that is fast; its faults are taken away after each test."""
    with running_sandbox(*_VARIABLES, "--configuration", "Matryoshka", clock=200.0) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(machine: SandboxProcess) -> Iterator[SandboxProcess]:
    """The same host, as it should be."""
    yield machine
    machine.reset()
    machine.ask("POST", "/front", _GOOD)


@pytest.fixture
def workshop(redis_url: str, sandbox: SandboxProcess) -> Iterator[Workshop]:
    """A worker with the host registered."""
    with open_workshop(redis_url, sandbox) as workshop:
        yield workshop


def _change(workshop: Workshop, **changes: Any) -> Host:
    host = workshop.store.hosts.get(workshop.host_id)
    assert host is not None
    return workshop.store.hosts.update(replace(host, **changes))


def _tested(workshop: Workshop) -> tuple[str, list[dict[str, Any]]]:
    """Test the host; returns the job's state and its checks in order."""
    request = {"kind": "test_host", "host": {"id": workshop.host_id}}
    plan = build_plan(request, PlanContext("", {"id": workshop.host_id}, None, None))
    job_id = workshop.submit(kind="test_host", plan=plan, request=request)
    workshop.hands.work()
    job = workshop.store.jobs.get(job_id)
    assert job is not None
    return str(job.state), checks_of(job.result or {})


def _first_failure(workshop: Workshop, check: str) -> dict[str, Any]:
    """Test the host, and insist that this check is the first that fails: what comes before passed, the rest not run."""
    state, checks = _tested(workshop)
    outcomes = {one["id"]: one["outcome"] for one in checks}
    place = list(outcomes).index(check)
    assert state == "failed", outcomes
    assert list(outcomes.values()) == ["passed"] * place + ["failed"] + ["not_reached"] * (len(outcomes) - place - 1)
    return checks[place]


def test_a_host_that_is_well_passes_every_check(workshop: Workshop) -> None:
    """Seven checks pass in order; what was seen is in the job's result, and nothing on the host was changed."""
    state, checks = _tested(workshop)

    assert state == "succeeded", checks
    assert [one["id"] for one in checks] == ["name", "port", "tls", "authentication", "endpoint", "rights", "role"]
    seen = {one["id"]: one["seen"] for one in checks}
    assert seen["tls"]["certificate"]["names"] == ["localhost", "127.0.0.1"]
    assert seen["authentication"]["offered"] == ["Negotiate", "Basic"]
    assert seen["endpoint"]["missing"] == []
    assert seen["role"]["vmms_running"] is True


def test_a_secret_that_cannot_be_opened_is_not_needed_before_the_logon(workshop: Workshop) -> None:
    """Name, port and TLS are looked at without opening the password; who cannot open it says so, and not earlier."""
    _change(workshop, secrets={"password": {"ref": "file:not-there"}})

    assert _first_failure(workshop, "authentication")["code"] == "SECRET_UNREADABLE"


def test_a_name_that_nobody_knows(workshop: Workshop) -> None:
    """The first check fails before anything is sent."""
    _change(workshop, address="no-such-host.invalid")

    assert _first_failure(workshop, "name")["code"] in ("NAME_UNKNOWN", "NAME_NO_ANSWER")


def test_a_port_that_is_closed(workshop: Workshop, sandbox: SandboxProcess) -> None:
    """A refused connection says that nothing listens, and how to make a listener."""
    sandbox.ask("POST", "/front", {"listening": False})
    found = _first_failure(workshop, "port")

    assert found["code"] == "PORT_REFUSED"
    assert "Install-Matryoshka.ps1 -HttpsListener -HostName '127.0.0.1'" in found["commands"][-1]


@pytest.mark.parametrize(
    ("certificate", "code"),
    [
        ("none", "TLS_NOT_SPOKEN"),
        ("broken", "TLS_BROKEN_OFF"),
        ("expired", "TLS_EXPIRED"),
        ("future", "TLS_NOT_YET_VALID"),
        ("wrong_name", "TLS_WRONG_NAME"),
        ("self_signed", "TLS_SELF_SIGNED"),
        ("untrusted", "TLS_UNKNOWN_AUTHORITY"),
        ("for_clients", "TLS_REFUSED"),
    ],
)
def test_tls_that_is_not_good_stops_before_any_credential(
    workshop: Workshop, sandbox: SandboxProcess, certificate: str, code: str
) -> None:
    """Each sort of bad certificate has its code; no request reaches WinRM, so no credential left the worker."""
    sandbox.ask("POST", "/front", {"certificate": certificate})
    before = sandbox.wire("logons")
    found = _first_failure(workshop, "tls")

    assert found["code"] == code
    assert sandbox.wire("logons") == before


def test_a_test_that_passes_ends_the_minute_of_refusal(workshop: Workshop, sandbox: SandboxProcess) -> None:
    """An account that was locked out and is not any more works at once, though its record did not change."""
    sandbox.ask("POST", "/front", {"locked": ["administrator"]})
    inspected = workshop.submit(Step(id="inspect-host", action="InspectHost", title="Inspect", params={}))
    workshop.hands.work()
    sandbox.ask("POST", "/front", {"locked": []})

    assert workshop.state(inspected) == "failed"
    assert _tested(workshop)[0] == "succeeded"


def test_a_self_signed_certificate_is_trusted_once_it_is_pinned(workshop: Workshop, sandbox: SandboxProcess) -> None:
    """What the failed test saw is what ca_pem takes: with it the next test passes."""
    sandbox.ask("POST", "/front", {"certificate": "self_signed"})
    seen = _first_failure(workshop, "tls")["seen"]
    _change(workshop, ca_pem=seen["certificate"]["pem"])

    assert _tested(workshop)[0] == "succeeded"


@pytest.mark.parametrize("auth", ["basic", "negotiate"])
def test_a_password_that_is_wrong_is_sent_once(workshop: Workshop, sandbox: SandboxProcess, auth: str) -> None:
    """A refused credential is told with where the host says why; one logon was made, so no account is locked by it."""
    sealed = {"sealed": seal(workshop.public_key, b"another password")}
    _change(workshop, auth=auth, secrets={"password": sealed})
    before = sandbox.wire("logons")
    found = _first_failure(workshop, "authentication")

    assert found["code"] == "CREDENTIAL_REFUSED"
    assert sandbox.wire("logons") == before + 1
    assert "another password" not in workshop.dump()


@pytest.mark.parametrize("auth", ["basic", "negotiate"])
def test_an_account_that_is_locked_is_refused(workshop: Workshop, auth: str) -> None:
    """WinRM answers 401 whatever is wrong with an account: the cure reads the host's log."""
    _change(workshop, auth=auth, username="locked")
    found = _first_failure(workshop, "authentication")

    assert found["code"] == "CREDENTIAL_REFUSED"
    assert "Id = 4625" in found["commands"][0]


def test_a_scheme_that_is_not_offered(workshop: Workshop, sandbox: SandboxProcess) -> None:
    """What is offered is shown, and no credential is sent."""
    sandbox.ask("POST", "/front", {"schemes": ["negotiate"]})
    before = sandbox.wire("logons")
    found = _first_failure(workshop, "authentication")

    assert (found["code"], found["seen"]["offered"]) == ("AUTH_NOT_OFFERED", ["Negotiate"])
    assert sandbox.wire("logons") == before


def test_an_endpoint_that_is_missing(workshop: Workshop) -> None:
    """A session configuration of another name is told by its fault."""
    _change(workshop, configuration_name="Elsewhere")
    found = _first_failure(workshop, "endpoint")

    assert (found["code"], found["seen"]["fault"]) == ("ENDPOINT_MISSING", 2150858811)


def test_an_endpoint_that_is_not_for_the_account(workshop: Workshop) -> None:
    """A credential that is good and an endpoint that is closed are two things."""
    _change(workshop, username="watcher")
    found = _first_failure(workshop, "endpoint")

    assert (found["code"], found["seen"]["fault"]) == ("ENDPOINT_DENIED", 5)
    assert "-Member 'watcher'" in found["commands"][1]


def test_an_endpoint_without_the_module(workshop: Workshop) -> None:
    """An endpoint of ours whose module was never installed."""
    _change(workshop, configuration_name="Matryoshka")

    assert _first_failure(workshop, "endpoint")["code"] == "MODULE_MISSING"


def test_an_endpoint_that_lacks_a_function(workshop: Workshop, sandbox: SandboxProcess) -> None:
    """The functions that are not there are named."""
    sandbox.ask("POST", "/front", {"hidden": ["New-NestedNode"]})
    found = _first_failure(workshop, "endpoint")

    assert (found["code"], found["seen"]["missing"]) == ("FUNCTIONS_MISSING", ["New-NestedNode"])


def test_a_quota_that_is_used_up(workshop: Workshop, sandbox: SandboxProcess) -> None:
    """The host's quota of shells is told at once, not after a wait."""
    sandbox.fault("quota", count=5)

    assert _first_failure(workshop, "endpoint")["code"] == "ENDPOINT_QUOTA"


@pytest.mark.parametrize(("switch", "code"), [("role_missing", "HYPERV_MISSING"), ("vmms_stopped", "VMMS_STOPPED")])
def test_a_role_that_does_not_run(workshop: Workshop, sandbox: SandboxProcess, switch: str, code: str) -> None:
    """A role that is not installed and a service that is stopped are told apart."""
    sandbox.ask("POST", "/world/faults", {switch: True})

    assert _first_failure(workshop, "role")["code"] == code


def test_the_end_of_a_services_certificate_is_read(machine: SandboxProcess, tmp_path: Path) -> None:
    """The doctor reads when a certificate ends that it trusts; of one that it does not, nothing."""
    authority = tmp_path / "ca.pem"
    authority.write_text(machine.ca_pem)
    url = f"https://{machine.address}:{machine.port}"
    ends = ends_at(url, str(authority))

    assert ends is not None
    assert ends > datetime.now(UTC)
    assert ends_at(url) is None


def test_no_result_holds_the_password(workshop: Workshop) -> None:
    """Nothing that the checks keep shows the credential."""
    _tested(workshop)

    assert PASSWORD not in workshop.dump()
