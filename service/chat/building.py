"""`build ...`: what is to be built, with clauses in any order. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from service.chat.words import NotUnderstood, Word, duration_seconds, memory_mib, nearest

BUILD_EXAMPLE = "build a 3-node nested hyper-v cluster on host1 named lab1"
MOST_NODES = 64  # of a failover cluster
_ARTICLES = ("a", "an", "the")
_HYPERV = ("hyper-v", "hyperv")
_SHAPES = ("cluster", "host")
_CLAUSES = ("on", "named", "called", "with", "memory", "image", "lease", "template")
_LONGEST_NAME = 127
_LONGEST_LEASE_SECONDS = 90 * 86400


@dataclass(frozen=True)
class Build:
    """What to build. What is not said ('' or None) is the template's. Memory is that of one node."""

    shape: str
    host: str = ""
    name: str = ""
    nodes: int | None = None
    memory_mib: int | None = None
    image: str = ""
    lease_seconds: int | None = None
    template: str = ""


def parse_build(words: Sequence[Word]) -> Build:
    """Return what the words after `build` ask for.

    Raises:
        NotUnderstood: names the word.
    """
    line = _Line(words)
    line.skip(*_ARTICLES)
    nodes = _count_before(line)
    line.skip("nested")
    if not line.skip(*_HYPERV) and line.skip("hyper"):
        line.skip("v")
    line.skip("failover")
    build = Build(_shape(line), nodes=nodes)
    while not line.at_end:
        build = _clause(line, build)
    if build.shape == "host" and (build.nodes or 1) != 1:
        raise line.refusal("A nested host is one node; ask for a cluster.", nearest="cluster")
    return build


class _Line:
    """The words, and how far they were read."""

    def __init__(self, words: Sequence[Word]) -> None:
        self._words = list(words)
        self._next = 0

    @property
    def at_end(self) -> bool:
        return self._next >= len(self._words)

    def peek(self) -> Word | None:
        return None if self.at_end else self._words[self._next]

    def take(self) -> Word | None:
        word = self.peek()
        self._next += word is not None
        return word

    def back(self) -> None:
        self._next -= 1

    def skip(self, *keys: str) -> bool:
        word = self.peek()
        found = word is not None and word.key in keys
        self._next += found
        return found

    def refusal(self, reason: str, word: Word | None = None, nearest: str = "") -> NotUnderstood:
        text, place = (word.text, word.place) if word else ("", 0)
        return NotUnderstood(reason, word=text, place=place, nearest=nearest, example=BUILD_EXAMPLE)


def _shape(line: _Line) -> str:
    word = line.take()
    if word is None:
        raise line.refusal("Say what to build: a cluster or a host.")
    if word.key not in _SHAPES:
        known = (*_SHAPES, *_HYPERV, "nested", "3-node")
        raise line.refusal("Say what to build: a cluster or a host.", word, nearest(word.text, known))
    return word.key


def _count_before(line: _Line) -> int | None:
    """Read `3-node`, or `3 nodes` with blanks; None when no number stands here."""
    word = line.peek()
    if word is None or not word.key[:1].isdigit():
        return None
    line.take()
    digits, mark, unit = word.key.partition("-")
    if not mark:
        follows = line.take()
        unit = follows.key if follows else ""
    if unit not in ("node", "nodes"):
        raise line.refusal("A number here is a number of nodes, such as 3-node.", word, "3-node")
    return _nodes(line, word, digits)


def _nodes(line: _Line, word: Word, digits: str) -> int:
    if not (digits.isascii() and digits.isdigit()) or not 1 <= int(digits[:9]) <= MOST_NODES:
        raise line.refusal(f"A cluster has 1 to {MOST_NODES} nodes.", word)
    return int(digits)


def _clause(line: _Line, build: Build) -> Build:
    line.skip("and")
    word = line.take()
    if word is None:
        raise line.refusal("Something is missing after and.")
    if word.key[:1].isdigit():  # "with 3 nodes, 8 GiB memory"
        line.back()
        return _with(line, build, word)
    if word.key == "with":
        return _with(line, build, word)
    readers: dict[str, tuple[str, Callable[[_Line, Word], Any]]] = {
        "on": ("host", _name),
        "named": ("name", _name),
        "called": ("name", _name),
        "memory": ("memory_mib", _memory),
        "image": ("image", _name),
        "lease": ("lease_seconds", _lease),
        "template": ("template", _name),
    }
    if word.key not in readers:
        raise line.refusal(f"Here one of {', '.join(_CLAUSES)} can stand.", word, nearest(word.text, _CLAUSES))
    field, read = readers[word.key]
    return _set(line, build, word, field, read(line, word))


def _with(line: _Line, build: Build, word: Word) -> Build:
    """Read `with 3 nodes`, `with 8 GiB memory`, and `with memory ...` as what follows."""
    value = line.peek()
    if value is None or not value.key[:1].isdigit():
        if value is None or value.key not in _CLAUSES or value.key == "with":
            raise line.refusal("Say with what: a number of nodes, memory, an image.", value)
        return _clause(line, build)
    count = _with_nodes(line, value)
    if count is not None:
        return _set(line, build, word, "nodes", count)
    size = _memory(line, word)
    line.skip("of")
    line.skip("memory", "ram")
    return _set(line, build, word, "memory_mib", size)


def _with_nodes(line: _Line, value: Word) -> int | None:
    digits, _, unit = value.key.partition("-")
    if unit in ("node", "nodes"):
        line.take()
        return _nodes(line, value, digits)
    if not value.key.isdigit():
        return None
    line.take()
    if line.skip("node", "nodes"):
        return _nodes(line, value, value.key)
    unit_word = line.peek()
    if unit_word is not None and memory_mib(value.key + unit_word.key) is not None:
        line.back()
        return None
    close = nearest(unit_word.text, ("nodes", "gib", "mib")) if unit_word else ""
    raise line.refusal("A number needs its unit: nodes, GiB or MiB.", unit_word or value, close)


def _name(line: _Line, word: Word) -> str:
    value = line.take()
    if value is None:
        raise line.refusal(f"A name is missing after {word.key}.")
    if len(value.text) > _LONGEST_NAME:
        raise line.refusal(f"The name after {word.key} is too long.")
    if value.key in _CLAUSES:
        raise line.refusal(f"A name is missing after {word.key}; a name like this one needs quotes.", value)
    return value.text


def _memory(line: _Line, word: Word) -> int:
    value = _measured(line, memory_mib)
    if value is None:
        raise line.refusal(f"A size is missing after {word.key}, such as 8 GiB.", line.peek(), "8 GiB")
    return value


def _lease(line: _Line, word: Word) -> int:
    value = _measured(line, duration_seconds)
    if value is None:
        raise line.refusal(f"A time is missing after {word.key}, such as 8h or 2d.", line.peek(), "8h")
    if value > _LONGEST_LEASE_SECONDS:
        raise line.refusal("A lease is at most 90 days.")
    return value


def _measured(line: _Line, read: Callable[[str], int | None]) -> int | None:
    """Read a number with its unit, in one word or in two."""
    first = line.take()
    if first is None:
        return None
    value = read(first.key)
    follows = line.peek()
    if value is None and first.key.isdigit() and follows is not None:
        value = read(first.key + follows.key)
        if value is not None:
            line.take()
    if value is None:
        line.back()
    return value


def _set(line: _Line, build: Build, word: Word, field: str, value: Any) -> Build:
    if getattr(build, field) not in ("", None):
        raise line.refusal(f"{field.replace('_mib', '').replace('_seconds', '')} is said twice.", word)
    return replace(build, **{field: value})
