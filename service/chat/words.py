"""What is typed, as words; numbers with units; and the refusal of what is not understood.

Pure: no network, no ledger.
"""

from __future__ import annotations

import difflib
import html
import re
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST_TEXT = 500
_WORD = re.compile(r'"(?P<quoted>[^"]*)"|(?P<plain>[^\s"]+)')
# Slack's clients type these for us.
_TYPOGRAPHY = str.maketrans("\u201c\u201d\u201e\u2018\u2019\u2011\u2013\u2014", '"""\'\'---')
_SIZE = re.compile(r"(\d{1,9})(gib|gb|g|mib|mb|m)", re.IGNORECASE)
_DURATION = re.compile(r"(\d{1,9})(m|min|minutes?|h|hours?|d|days?)", re.IGNORECASE)
_MIB = {"g": 1024, "m": 1}
_SECONDS = {"m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class Word:
    """One word as it was typed; `place` counts from 1."""

    text: str
    place: int
    quoted: bool = False

    @property
    def key(self) -> str:
        """The word as a keyword: lower case, '' when it was quoted."""
        return "" if self.quoted else self.text.lower()


class NotUnderstood(Exception):
    """A command that cannot be used. `place` is the number of the word, 0 for the end of the text.

    `nearest` is the known word that comes nearest ('' for none), `example` a command that works.
    """

    def __init__(self, reason: str, *, word: str = "", place: int = 0, nearest: str = "", example: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.word = word
        self.place = place
        self.nearest = nearest
        self.example = example


def words_of(text: str) -> list[Word]:
    """Return the words of a command. Quotes keep blanks together; commas and full stops at the end of a word go.

    Raises:
        NotUnderstood: the text is too long.
    """
    if len(text) > LONGEST_TEXT:
        raise NotUnderstood(f"A command has at most {LONGEST_TEXT} characters.")
    plain = html.unescape(text).translate(_TYPOGRAPHY)  # Slack sends & < > as entities
    found: list[Word] = []
    for match in _WORD.finditer(plain):
        quoted = match["quoted"]
        word = quoted.strip() if quoted is not None else match["plain"].rstrip(",;.!?")
        if word:
            found.append(Word(word, len(found) + 1, quoted is not None))
    return found


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that is most like this one, '' when none is like it."""
    found = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return found[0] if found else ""


def memory_mib(text: str) -> int | None:
    """Return the MiB of `8GiB`, `8 gb` or `8192MiB`; None for anything else. GB is read as GiB, as Hyper-V does."""
    match = _SIZE.fullmatch(text.replace(" ", ""))
    return int(match[1]) * _MIB[match[2][0].lower()] if match else None


def duration_seconds(text: str) -> int | None:
    """Return the seconds of `8h`, `90 minutes` or `2d`; None for anything else."""
    match = _DURATION.fullmatch(text.replace(" ", ""))
    return int(match[1]) * _SECONDS[match[2][0].lower()] if match else None
