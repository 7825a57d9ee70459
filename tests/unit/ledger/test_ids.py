"""Unit tests of service.ledger.ids."""

from __future__ import annotations

import pytest

from service.ledger.ids import PREFIXES, id_time, new_id


def test_ids_sort_by_time() -> None:
    """A later id sorts behind an earlier one."""
    assert new_id("job", 1_800_000_000.0) < new_id("job", 1_800_000_000.001)


@pytest.mark.parametrize("prefix", sorted(PREFIXES))
def test_id_has_prefix_and_time(prefix: str) -> None:
    """An id is its prefix and 26 hex digits, and tells its time."""
    made = new_id(prefix, 1_800_000_000.123)

    assert len(prefix) + 1 + 26 == len(made)
    assert 1_800_000_000.123 == id_time(made)


def test_ids_of_one_instant_differ() -> None:
    """Ids made in the same millisecond are different."""
    assert 1000 == len({new_id("lab", 1.0) for _ in range(1000)})


@pytest.mark.parametrize("wrong", ["", "job_", "job_xyz", "cat_" + "0" * 26])
def test_foreign_ids_are_refused(wrong: str) -> None:
    """What is not an id of ours has no time."""
    with pytest.raises(ValueError, match=r"not an identifier|invalid literal"):
        id_time(wrong)


def test_unknown_prefix_is_refused() -> None:
    """Nobody makes ids with a prefix that has no owner."""
    with pytest.raises(ValueError, match="unknown id prefix"):
        new_id("cat", 1.0)
