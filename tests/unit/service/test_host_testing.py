"""What `hosts test` prints: the checks in order, and the first failure with what was seen and what cures it."""

from __future__ import annotations

from typing import Any

from service.commands.exits import Exit
from service.commands.host_testing import check_parts, exit_of_test
from service.commands.showing import part_lines
from service.commands.tables import Screen
from service.ledger.checks import checks_of

_TLS = {
    "outcome": "failed",
    "code": "TLS_WRONG_NAME",
    "detail": "The certificate is for hv1.example, not for \x1b[31mhv01.example.",
    "why": "The certificate is for other names than the address in the host's record.",
    "remedy": "Use one of its names as the address.",
    "commands": [r".\Install-Matryoshka.ps1 -HttpsListener -HostName 'hv01.example'"],
    "source": "RFC 9525",
    "seen": {"tls": True, "certificate": {"names": ["hv1.example"], "thumbprint": "ABCD", "pem": "-----BEGIN"}},
    "warnings": [],
}
_FACTS = {
    "check.name": {"outcome": "passed", "seen": {"addresses": ["192.0.2.7"]}, "warnings": []},
    "check.port": {
        "outcome": "passed",
        "seen": {"port": 5986, "address": "192.0.2.7", "milliseconds": 2},
        "warnings": [{"code": "SLOW", "detail": "It took long.", "remedy": "None."}],
    },
    "check.tls": _TLS,
}


def _lines(job: dict[str, Any], facts: dict[str, Any]) -> list[str]:
    return list(part_lines(check_parts(job, checks_of(facts)), Screen(is_terminal=True, width=160)))


def test_the_first_failure_is_told_whole() -> None:
    """All checks are listed in order; the one that failed says what was seen, why, what to run and who says so."""
    lines = _lines({"id": "job_1", "state": "failed"}, _FACTS)
    text = "\n".join(lines)

    order = [line.split()[0] for line in lines if line and line.split()[0] in ("name", "port", "tls", "role")]
    assert order == ["name", "port", "tls", "role"]
    assert "192.0.2.7" in text
    assert "warning SLOW: It took long. None." in text
    assert "TLS_WRONG_NAME: The certificate is for other names" in text
    assert "certificate.thumbprint ABCD" in text
    assert r"    .\Install-Matryoshka.ps1 -HttpsListener -HostName 'hv01.example'" in lines
    assert "not reached" in text
    assert "BEGIN" not in text
    assert "\x1b" not in text


def test_the_exit_code_tells_a_fault_from_a_job_that_broke_off() -> None:
    """11 is a check that failed, whatever became of the job; a job that ended otherwise has its own code."""
    checks = checks_of(_FACTS)

    assert exit_of_test({"state": "failed"}, checks) == Exit.FAULTS
    assert exit_of_test({"state": "failed"}, checks[:2]) == Exit.JOB_FAILED
    assert exit_of_test({"state": "cancelled"}, []) == Exit.JOB_CANCELLED
    assert exit_of_test({"state": "succeeded"}, checks[:2]) == Exit.OK


def test_a_job_that_no_check_failed_says_its_own_error() -> None:
    """Without a failed check the job's error is what there is to tell."""
    job = {"id": "job_1", "state": "failed", "error": {"detail": "The step's deadline is over."}}

    assert "job_1 failed: The step's deadline is over." in _lines(job, {})
