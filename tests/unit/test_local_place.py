"""The folder of a local stack."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.place import StackError, take


def test_a_folder_of_somebody_s_own_files_is_not_emptied(tmp_path: Path) -> None:
    """`--directory` with a folder that no stack has made is refused, and nothing in it is touched."""
    (tmp_path / "thesis.txt").write_text("ten years")

    with pytest.raises(StackError, match="no stack's"):
        take(tmp_path)

    assert ["thesis.txt"] == [path.name for path in tmp_path.iterdir()]


def test_a_stack_that_runs_keeps_its_folder(tmp_path: Path) -> None:
    """`make demo` beside `make up` is refused: it would delete the keys and the ledger of the other one."""
    with take(tmp_path / "run"):
        key = tmp_path / "run" / "keys" / "sealing.key"
        key.write_text("secret")

        with pytest.raises(StackError, match="a stack runs in"):
            take(tmp_path / "run")

        assert "secret" == key.read_text()


def test_the_folder_of_an_ended_stack_is_emptied(tmp_path: Path) -> None:
    """What a former stack left is gone at the next start, also what one left before there was a mark."""
    with take(tmp_path / "run"):
        (tmp_path / "run" / "logs" / "api.log").write_text("old")
        (tmp_path / "run" / "sandbox.json").write_text("{}")
    (tmp_path / "run" / "stack.lock").unlink()

    with take(tmp_path / "run"):
        assert {"logs", "keys", "ca", "stack.lock"} == {path.name for path in (tmp_path / "run").iterdir()}
        assert [] == list((tmp_path / "run" / "logs").iterdir())
