"""Errors as callers read them."""

from __future__ import annotations

from workers import errors
from workers.problems import bug_problem, problem_of
from workers.secrets import Scrubber, SecretStr


def test_a_remote_error_has_its_facts_and_no_secret() -> None:
    """Id, category, HRESULT as Windows writes it and target are members; a password in the message is masked."""
    scrubber = Scrubber()
    scrubber.add(SecretStr("s3cret-value"))
    error = errors.RemoteError(
        "logon with s3cret-value failed",
        error_id="A.B,Get-X",
        category="ResourceBusy",
        hresult=-2147024894,
        target="nest-1",
    )

    problem = problem_of(error, scrubber, left="a switch")

    assert "logon with [secret] failed" == problem["detail"]
    assert ("A.B,Get-X", "ResourceBusy", "0x80070002", "nest-1") == tuple(
        problem[name] for name in ("error_id", "category", "hresult", "target")
    )
    assert problem["retryable"] is True
    assert "a switch" == problem["left"]


def test_a_secret_at_the_bound_is_masked_before_the_text_is_cut() -> None:
    """Detail and target are cut after the masking: no half of a secret is left at their ends."""
    scrubber = Scrubber()
    scrubber.add(SecretStr("s3cret-value"))
    error = errors.RemoteError("x" * 1997 + "s3cret-value", target="y" * 197 + "s3cret-value")

    problem = problem_of(error, scrubber)

    assert "s3c" not in problem["detail"] + problem["target"]


def test_a_refusal_is_told_by_its_reason() -> None:
    """The reason code is the problem's code and type; the remedy is the handler's."""
    error = errors.StepRefused("no flags", reason="CPU_FLAGS_MISSING", remedy="Turn it off first.")

    problem = problem_of(error, Scrubber())

    assert ("CPU_FLAGS_MISSING", "urn:matryoshka:problem:cpu-flags-missing", "Turn it off first.", False) == (
        problem["code"],
        problem["type"],
        problem["remedy"],
        problem["retryable"],
    )


def test_a_bug_keeps_its_text_to_itself() -> None:
    """The message of an unforeseen exception is not part of the problem."""
    assert "private" not in str(bug_problem(ValueError("private")))


def test_every_error_has_a_code_and_is_drawn_in_the_tree() -> None:
    """Each class of the tree has a code of its own and stands in the module's drawing."""
    found = [item for item in vars(errors).values() if isinstance(item, type) and issubclass(item, errors.WorkerError)]
    codes = [item.code for item in found]

    assert len(codes) == len(set(codes))
    assert errors.__doc__ is not None
    for item in found:
        assert item.__name__ in errors.__doc__
