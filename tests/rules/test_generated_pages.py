"""The pages that are made from the code are in step with it, and what the code cannot say is said in words.toml."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pytest

from docs.making.pages import DOCS, generated, stale
from docs.making.problems import answer_codes, ledger_codes
from docs.making.settings import variables
from docs.making.words import words
from schemas.event import EVENT_TYPES
from service.ledger.plans import BUILDERS
from workers.steps import HANDLERS
from workers.steps.reasons import known_reasons


@cache
def _pages() -> Mapping[str, str]:
    return generated()


def test_a_generated_page_is_in_step() -> None:
    """What `make docs-pages` would write is what is committed."""
    there = {path: (DOCS / path).read_text(encoding="utf-8") for path in _pages() if (DOCS / path).exists()}

    assert [] == [path for path, text in _pages().items() if there.get(path) != text], "run: make docs-pages"


def test_nothing_is_left_of_what_is_gone() -> None:
    """A kind that is taken away takes its page and its picture along."""
    assert [] == stale()


def test_every_kind_has_a_page_with_its_plan_its_checks_and_its_failures() -> None:
    """Each job kind has a page with a request, a plan, what each step checks, and how it fails."""
    parts = ("## Request", "## Plan", "## What each step checks", "## When it fails", "| code |")
    missing = [(kind, part) for kind in BUILDERS for part in parts if part not in _pages()[f"kinds/{kind}.md"]]

    assert [] == missing


def test_every_action_is_on_some_page() -> None:
    """What every handler does, calls and refuses can be read somewhere."""
    text = "\n".join(_pages().values())

    assert [] == [name for name in HANDLERS if f"### {name}\n" not in text]


def test_every_reason_of_the_host_is_on_the_page_of_problems() -> None:
    """Each error id that the workers understand is listed with its code."""
    page = _pages()["problems.md"]

    assert [] == [known.id for known in known_reasons() if f"| `{known.id}` |" not in page]


@pytest.mark.parametrize("section", ["problems", "ledger_problems", "events", "settings"])
def test_every_name_has_its_words(section: str) -> None:
    """docs/making/words.toml says what each name means, and knows none that the code does not have."""
    readers = {
        "problems": answer_codes,
        "ledger_problems": ledger_codes,
        "events": lambda: EVENT_TYPES,
        "settings": variables,
    }
    names = set(readers[section]())

    assert names, "the code was read"
    assert names == set(words(section))


def test_readers_and_defaults_of_variables_are_found() -> None:
    """What the page says of some variables is what their processes do."""
    found = variables()

    assert ({"API", "workers"}, "strict") == (
        found["MATRYOSHKA_DURABILITY"].readers,
        found["MATRYOSHKA_DURABILITY"].default,
    )
    assert ({"workers"}, "60") == (found["MATRYOSHKA_LEASE_SECONDS"].readers, found["MATRYOSHKA_LEASE_SECONDS"].default)
    assert ({"API"}, "127.0.0.1:8080") == (found["MATRYOSHKA_BIND"].readers, found["MATRYOSHKA_BIND"].default)
    assert {"API"} == found["MATRYOSHKA_OIDC_SCOPE_MAP"].readers
