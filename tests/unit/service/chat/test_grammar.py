"""The commands of chat: what is understood, what is refused and how helpfully. The page's examples are tests."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.chat.building import Build
from service.chat.grammar import EXAMPLES, Ask, Command, parse
from service.chat.words import LONGEST_TEXT, NotUnderstood, duration_seconds, memory_mib
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "chat.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("build a 3-node nested hyper-v cluster on host1 named lab1", Build("cluster", "host1", "lab1", 3)),
        ("BUILD An Nested Hyper-V Host ON HV1", Build("host", "HV1")),
        ("build cluster", Build("cluster")),
        ("build a cluster with 3 nodes", Build("cluster", nodes=3)),
        ("build 4 nodes hyper v failover cluster", Build("cluster", nodes=4)),
        ("build cluster with 2-node, and with 16 GiB of memory", Build("cluster", nodes=2, memory_mib=16384)),
        ("build cluster memory 8GB image ws2022 lease 8h", Build("cluster", "", "", None, 8192, "ws2022", 28800)),
        ("build cluster called “lab 1” template big.", Build("cluster", name="lab 1", template="big")),
        ("build a host on purpose=lab lease 2 days", Build("host", "purpose=lab", lease_seconds=172800)),
        ('build cluster named "on"', Build("cluster", name="on")),
        ("build cluster image R&amp;D", Build("cluster", image="R&D")),
        ("build a 1-node host", Build("host", nodes=1)),
        ("status lab1", Ask("status", "lab1")),
        ("Status of Lab1", Ask("status", "Lab1")),
        ("teardown lab lab", Ask("teardown", "lab")),
        ("teardown lab", Ask("teardown", "lab")),
        ("cancel job_1.", Ask("cancel", "job_1")),
        ("jobs", Ask("jobs")),
        ("build cluster with 3 nodes, 8 GiB memory", Build("cluster", nodes=3, memory_mib=8192)),
        ("help me please", Ask("help")),
        ("  ", Ask("help")),
    ],
)
def test_what_is_understood(text: str, meant: Command) -> None:
    """Clauses stand in any order and keywords in any case; names are kept as they are."""
    assert meant == parse(text)


@pytest.mark.parametrize(
    ("text", "word", "place", "nearest"),
    [
        ("bulid a cluster", "bulid", 1, "build"),
        ("frobnicate", "frobnicate", 1, ""),
        ("build a 3-node clutser", "clutser", 4, "cluster"),
        ("build a nestd cluster", "nestd", 3, "nested"),
        ("build", "", 0, ""),
        ("build a cluster onn host1", "onn", 4, "on"),
        ("build a cluster on", "", 0, ""),
        ("build a cluster on named lab1", "named", 5, ""),
        ("build a cluster on a on b", "on", 6, ""),
        ("build a cluster with 3", "3", 5, ""),
        ("build a cluster with 3 noeds", "noeds", 6, "nodes"),
        ("build a cluster with", "", 0, ""),
        ("build a cluster with love", "love", 5, ""),
        ("build a cluster and", "", 0, ""),
        ("build a 3 cluster", "3", 3, "3-node"),
        ("build a 0-node cluster", "0-node", 3, ""),
        ("build a 65-node cluster", "65-node", 3, ""),
        ("build a 2-node host", "", 0, "cluster"),
        ("build a cluster memory big", "big", 5, "8 GiB"),
        ("build a cluster lease 8 fortnights", "8", 5, "8h"),
        ("build a cluster lease 99 d", "", 0, ""),
        ("status", "", 0, ""),
        ("status lab1 now", "now", 3, ""),
        ("jobs all", "all", 2, ""),
        ("build ²-node cluster", "²-node", 2, ""),
    ],
)
def test_what_is_refused(text: str, word: str, place: int, nearest: str) -> None:
    """A refusal names the word that was not understood, its place, and the nearest word that would be."""
    with pytest.raises(NotUnderstood) as caught:
        parse(text)

    assert (word, place, nearest) == (caught.value.word, caught.value.place, caught.value.nearest)
    assert caught.value.reason


def test_every_example_works() -> None:
    """What refusals and the help show as an example is understood, and so is every command of the page."""
    block = re.search(r"### Examples\n\n```text\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    shown = [line.removeprefix("/lab ") for line in block[1].splitlines()]

    assert len(shown) > 8
    for text in (*EXAMPLES.values(), *shown):
        parse(text)
    for text in ("bild", "build clster", "status"):
        with pytest.raises(NotUnderstood) as caught:
            parse(text)
        parse(caught.value.example)


def test_the_page_has_every_verb_and_clause() -> None:
    """The grammar on the page names each verb and each clause that is understood."""
    grammar = re.search(r"```ebnf\n(.*?)```", PAGE, re.DOTALL)
    assert grammar is not None
    for word in (*EXAMPLES, "on", "named", "called", "with", "memory", "image", "lease", "template", "and"):
        assert f'"{word}"' in grammar[1]


_PIECES = st.sampled_from(
    ["build", "a", "3-node", "3", "nodes", "nested", "hyper-v", "cluster", "host", "on", "with", "memory", "8", "GiB",
     "lease", "8h", "named", "and", '"', "lab1", "²", "٣", "-", "status", "cancel", "\ud7ff", "<@U1>", "&lt;"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.lists(_PIECES, max_size=14).map(" ".join), st.text(max_size=LONGEST_TEXT + 5)))
def test_any_text_is_understood_or_refused(text: str) -> None:
    """No text leads to anything but a command or a refusal whose place is that of the word."""
    refusal: NotUnderstood | None = None
    try:
        parse(text)
    except NotUnderstood as error:
        refusal = error
    assert refusal is None or (refusal.reason and 0 <= refusal.place <= len(text))


@settings(max_examples=60, deadline=None)
@given(
    st.permutations(["on hv1", "named lab1", "with 3 nodes", "memory 8 GiB", "image ws2022", "lease 8h", "template t"]),
    st.sampled_from([" ", ", ", " and "]),
)
def test_the_order_of_clauses_does_not_matter(clauses: list[str], between: str) -> None:
    """Every order of the clauses means the same."""
    expected = Build("cluster", "hv1", "lab1", 3, 8192, "ws2022", 28800, "t")

    assert expected == parse(f"build a nested hyper-v cluster {between.join(clauses)}")


def test_units() -> None:
    """Memory is MiB or GiB (GB means GiB, as in Hyper-V), a lease is minutes, hours or days; nothing else is read."""
    assert [8192, 8192, 512, None, None] == [memory_mib(one) for one in ("8GiB", "8 gb", "512m", "8", "8 TiB")]
    assert [5400, 28800, 172800, None] == [duration_seconds(one) for one in ("90 min", "8h", "2d", "2 weeks")]
