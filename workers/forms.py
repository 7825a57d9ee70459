"""Every form in which a value may show up in text, as patterns to search for. Knows nothing of who searches.

Two kinds of forms: the value with any of its characters escaped (JSON, XML, URL, PowerShell, also twice), and the bytes
of the value as base64 (at any of the three positions inside a longer text, broken into lines or not), as hex, or as
UTF-16 that was read byte by byte. Patterns are atomic, so that no text makes them slow, and they are made only when a
part of the value is really there: what is searched holds no secret nearly always.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from urllib.parse import quote
from xml.sax.saxutils import escape

_SHORTEST_BLOCK = 8  # characters of base64: less would hit ordinary text
_LONGEST_PIECE = 128
_SHORTEST_PIECE = 8
_MARK = 4
_RUN = re.compile(r"[A-Za-z0-9]+")
# Letters and digits are escaped only by those who escape everything.
_LETTER_CODE = r"(?:3[0-9]|[46][1-9a-f]|[57][0-9a])"
_ESCAPED_LETTER = re.compile(
    rf"(?:\\+u00|_x00|%(?:25)*|&(?:amp;)*#x0*)({_LETTER_CODE})[_;]?|&(?:amp;)*#0*([0-9]{{2,3}});", re.IGNORECASE
)
_LOOKS_HEX = re.compile(r"(?:[0-9a-f]{2}(?:\\+x|[-:, ]+(?:0x)?)?){4}", re.IGNORECASE)
_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
_LETTERS = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}
_DOUBLED = frozenset("'\"`{}")
_BASE64 = "A-Za-z0-9+/_-"
_RETURN = r"(?:\r|\\+r|_x000[Dd]_|&(?:amp;)*#(?:13|[xX]0*[dD]);|%(?:25)*0[dD])"
# No two begin alike, so the row needs no possessive `*+`: Python 3.11.2 forgets its place in one whose part fails.
_BREAK = r"(?:\s|\\+[rnt]|_x000[DAda]_|&(?:amp;)*#(?:13|10|[xX]0*[adAD]);|%(?:25)*0[DAda])*"
_ZERO = r"\x00|\\+u0000|%(?:25)*00|_x0000_|&(?:amp;)*#x?0+;"
_BLANKS = re.compile(rf"(?:\s|{_ZERO})+")
_BREAKS = re.compile(rf"(?:{_BREAK.removesuffix('*')}|{_ZERO})+")
_SEPARATOR = r"(?:\\+x|[-:, ]+(?:0x)?)?"
_SEPARATORS = re.compile(r"\\+x|[-:, ]+(?:0x)?|(?<![0-9a-f])0x")


class Searched:
    """A text and what is looked at to see quickly whether a form may be in it."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def joined(self) -> str:
        """The text without line breaks and zero bytes, however they are written."""
        return _BREAKS.sub("", self.text)

    @cached_property
    def narrow(self) -> str:
        """The text without blanks and zero bytes, but with what an escaped break may be too: a value's own letter."""
        return _BLANKS.sub("", self.text)

    @cached_property
    def bare(self) -> str:
        """The text in small letters without what stands between hex bytes."""
        return _SEPARATORS.sub("", self.text.lower()) if _LOOKS_HEX.search(self.text) else ""

    @cached_property
    def unescaped(self) -> str:
        """The text with letters and digits that are escaped put back."""
        return _ESCAPED_LETTER.sub(_letter, self.text)

    @cached_property
    def marks(self) -> frozenset[str]:
        """All that stands anywhere in the text, in any of its guises, in parts of four characters."""
        guises = {self.text, self.joined, self.narrow, self.bare, self.unescaped}
        return frozenset(text[at : at + _MARK] for text in guises for at in range(len(text) - _MARK + 1))


@dataclass(frozen=True)
class Form:
    """One form. A text that has `anchor` in none of its guises cannot hold it; `source` makes the pattern."""

    anchor: str
    source: Callable[[], str]

    def masked(self, searched: Searched, mask: str) -> Searched:
        """Return the text with every match masked; the same object when there is none."""
        anchor = self.anchor
        if not (
            anchor in searched.text
            or anchor in searched.joined
            or anchor in searched.narrow
            or anchor in searched.bare
            or anchor in searched.unescaped
        ):
            return searched
        text = re.sub(self.source(), lambda _: mask, searched.text)
        return searched if text == searched.text else Searched(text)


def _letter(match: re.Match[str]) -> str:
    code = int(match[1], 16) if match[1] else int(match[2])
    return chr(code) if chr(code).isalnum() else match[0]


def pieces_of(value: str) -> list[str]:
    """Return the parts of a value that are searched one by one: itself, or the lines and chunks of a long one."""
    if len(value) <= _LONGEST_PIECE:
        return [value]
    lines = [line.strip() for line in value.splitlines()]
    half = _LONGEST_PIECE // 2
    chunks = [line[at : at + half] for line in lines for at in range(0, len(line), half)]
    return [chunk for chunk in chunks if len(chunk) >= _SHORTEST_PIECE]


@lru_cache(maxsize=2048)
def forms_of(value: str) -> tuple[Form, ...]:
    """Return the forms of a value, the longest first."""
    raws = _byte_forms(value)
    cores = sorted({core for raw in raws for core in _base64_cores(raw)}, key=len, reverse=True)
    wide = [value.encode(name).decode("latin-1") for name in ("utf-16-le", "utf-16-be")]
    return (_escaped(value), *map(_wide, wide), *map(_hex, raws), *map(_block, cores))


@lru_cache(maxsize=2048)
def marks_of(value: str) -> frozenset[str]:
    """Return parts of four characters: a text without any of them holds no form. Empty when that cannot be said."""
    anchors = [form.anchor for form in forms_of(value)]
    return frozenset(anchor[:_MARK] for anchor in anchors) if all(len(a) >= _MARK for a in anchors) else frozenset()


@lru_cache(maxsize=2048)
def beginnings_of(value: str) -> tuple[str, ...]:
    """Return the texts of which a clipped text may keep the beginning: escapes, and base64 from its start."""
    texts = [*_escapings(value), *(base64.b64encode(raw).decode().rstrip("=") for raw in _byte_forms(value))]
    return tuple(dict.fromkeys(texts))


def _escapings(value: str) -> tuple[str, ...]:
    quoted = escape(value, {'"': "&quot;", "'": "&apos;"})
    json_text = "".join("\\" + _LETTERS.get(one, one) if one in _LETTERS or one in '"\\' else one for one in value)
    return tuple(dict.fromkeys((value, json_text, escape(value), quoted, quote(value, safe=""))))


def _byte_forms(value: str) -> tuple[bytes, ...]:
    """The bytes that may be encoded further: the value and its escaped forms, in each of Windows' encodings."""
    found = [text.encode(name) for text in _escapings(value) for name in ("utf-8", "utf-16-le")]
    found += [value.encode(name, "replace") for name in ("latin-1", "cp1252")]
    return tuple(dict.fromkeys(found))


def _escaped(value: str) -> Form:
    return Form(_anchor(value), lambda: _characters(value, letters=True))


def _wide(text: str) -> Form:
    anchor = _anchor(text.replace("\x00", ""))
    return Form(anchor, lambda: _characters(text, letters=False))


def _anchor(text: str) -> str:
    return max(_RUN.findall(text), key=len, default="")


def _characters(text: str, *, letters: bool) -> str:
    found, before = "", ""
    for one, run in groupby(text):
        pattern = _run(one, len(list(run)), letters=letters)
        # A row of backslashes is taken whole, with the one that escapes what comes next.
        found += pattern.replace(r"\\++", r"\\*+") if before == "\\" else pattern
        before = one
    return found


def _run(one: str, count: int, *, letters: bool) -> str:
    """Return the pattern of a character that stands `count` times in a row, plain or escaped."""
    if one.isascii() and one.isalnum() and not letters:
        return one * count
    most = "" if one == "\\" else count * 2 if one in _DOUBLED else count
    return f"(?>(?:{'|'.join(_ways(one))}){{{count},{most}}})"


def _ways(one: str) -> Iterator[str]:
    """Yield the patterns of one character: escaped ones first, for the plain one may be the beginning of them."""
    units = one.encode("utf-16-be", "surrogatepass")
    codes = [units[at : at + 2].hex() for at in range(0, len(units), 2)]
    yield "".join(rf"\\++u(?i:{code})" for code in codes)
    yield "".join(rf"_x(?i:{code})_" for code in codes)
    yield rf"&(?:amp;)*#(?:0*{ord(one)}|[xX]0*(?i:{ord(one):x}));"
    for raw in (one.encode("utf-8", "surrogatepass"), one.encode("latin-1", "replace")):
        yield "".join(rf"%(?:25)*(?i:{byte:02x})" for byte in raw)
    yield from _special(one)
    yield (_RETURN + "?" if one == "\n" else "") + re.escape(one)


def _special(one: str) -> Iterator[str]:
    if one == "&":
        yield "&(?:amp;)+"
    elif one in _ENTITIES:
        yield f"&(?:amp;)*{_ENTITIES[one]};"
    if one in _LETTERS:
        yield (_RETURN + "?" if one == "\n" else "") + rf"(?:\\++|`){_LETTERS[one]}"
    if one == " ":
        yield r"\+"
    if one != "\\" and one.isascii() and not one.isalnum():
        yield rf"(?:\\++|`){re.escape(one)}"  # \" of JSON and C, \/ of JSON, `$ of PowerShell


def _hex(raw: bytes) -> Form:
    return Form(raw.hex(), lambda: f"(?i:{_SEPARATOR.join(f'{byte:02x}' for byte in raw)})")


def _base64_cores(raw: bytes) -> Iterator[str]:
    """Yield the characters that the bytes have at each of the three positions that they may take in a base64 text.

    Characters that also carry bits of the neighbours are left out here, as `<` or `>`, and matched as any character.
    """
    for lead in range(3):
        encoded = base64.b64encode(b"\0" * lead + raw).decode().rstrip("=")
        first = (0, 2, 3)[lead]
        last = len(encoded) - (1 if (lead + len(raw)) % 3 else 0)
        if last - first >= _SHORTEST_BLOCK:
            yield ("<" if lead else "") + encoded[first:last] + ("" if last == len(encoded) else ">")


def _block(core: str) -> Form:
    letters = core.strip("<>")
    before = rf"[{_BASE64}]?{_BREAK}" if core[0] == "<" else ""
    after = rf"{_BREAK}[{_BASE64}]?" if core[-1] == ">" else ""
    return Form(_anchor(core), lambda: before + _BREAK.join(map(_base64_letter, letters)) + after)


def _base64_letter(one: str) -> str:
    if one.isalnum():
        return one
    return rf"(?>{'-' if one == '+' else '_'}|{'|'.join(_ways(one))})"
