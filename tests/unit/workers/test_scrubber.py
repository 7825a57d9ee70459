"""The scrubber finds a value however it was encoded, inside whatever text, and leaves the text alone otherwise."""

from __future__ import annotations

import base64
import html
import json
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workers.secrets import Scrubber, SecretStr

_MASK = "[secret]"
# What Windows takes in a password: printable characters of any script, spaces too.
_VALUES = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=("Cs", "Cc", "Cn")),
    min_size=8,
    max_size=30,
).filter(lambda value: len(set(value)) > 3)
_AROUND = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)
_BYTES = st.binary(max_size=8)
_HARD = "P@ss \"w<ö>r&d'\\ %+/=€`$"


def _xml(text: str) -> str:
    return escape(text, {'"': "&quot;", "'": "&apos;"})


def _psrp(text: str) -> str:
    return "".join(f"_x{ord(one):04X}_" if not one.isalnum() else one for one in text)


def _all_json(text: str) -> str:
    return "".join(f"\\u{code:04x}" for code in memoryview(text.encode("utf-16-le")).cast("H"))


_TEXT_FORMS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "json": lambda text: json.dumps(text)[1:-1],
    "json, not ascii": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "json of PowerShell 5.1": lambda text: "".join(f"\\u{ord(one):04x}" if one in "<>&'" else one for one in text),
    "json in json": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "json, all": _all_json,
    "xml": escape,
    "xml attribute": _xml,
    "html": html.escape,
    "xml in xml": lambda text: _xml(_xml(text)),
    "xml, numbers": lambda text: "".join(f"&#{ord(one)};" for one in text),
    "xml, hex numbers": lambda text: "".join(f"&#x{ord(one):X};" for one in text),
    "xml in json": lambda text: json.dumps(_xml(text))[1:-1],
    "clixml": _psrp,
    "url": lambda text: quote(text, safe=""),
    "url path": quote,
    "url form": quote_plus,
    "url, small letters": lambda text: _small(quote(text, safe="")),
    "url in url": lambda text: quote(quote(text, safe=""), safe=""),
    "url, all": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "single quoted": lambda text: text.replace("'", "''"),
    "double quoted": lambda text: text.replace("`", "``").replace('"', '`"').replace("$", "`$"),
    "utf-16 read as bytes": lambda text: text.encode("utf-16-le").decode("latin-1"),
    "utf-16 read as bytes, in json": lambda text: json.dumps(text.encode("utf-16-le").decode("latin-1"))[1:-1],
    "hex": lambda text: text.encode().hex(),
    "hex of utf-16": lambda text: text.encode("utf-16-le").hex().upper(),
    "BitConverter": lambda text: text.encode("utf-16-le").hex("-").upper(),
    "Format-Hex": lambda text: text.encode().hex(" "),
    "bytes of Python": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()),
    "C array": lambda text: ", ".join(f"0x{byte:02x}" for byte in text.encode()),
}
_BYTE_FORMS: dict[str, Callable[[str], bytes]] = {
    "utf-8": str.encode,
    "utf-16": lambda text: text.encode("utf-16-le"),
    "xml in utf-16": lambda text: _xml(text).encode("utf-16-le"),
    "json": lambda text: json.dumps(text, ensure_ascii=False)[1:-1].encode(),
}
_WRAPPINGS: dict[str, Callable[[bytes], str]] = {
    "standard": lambda raw: base64.b64encode(raw).decode(),
    "of URLs": lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("="),
    "in lines": lambda raw: base64.encodebytes(raw).decode(),
    "in lines, in json": lambda raw: json.dumps(base64.encodebytes(raw).decode().replace("\n", "\r\n"))[1:-1],
    "in a URL": lambda raw: quote(base64.b64encode(raw).decode(), safe=""),
    "in json of .NET": lambda raw: base64.b64encode(raw).decode().replace("+", "\\u002B").replace("/", "\\/"),
}


def _small(text: str) -> str:
    return "".join(
        part[:2].lower() + part[2:] if at else part for at, part in enumerate(text.replace("%", "\0%").split("\0"))
    )


def _scrubber(*values: str) -> Scrubber:
    scrubber = Scrubber()
    for value in values:
        scrubber.add(SecretStr(value))
    return scrubber


@pytest.mark.parametrize("form", _TEXT_FORMS)
@settings(max_examples=25, deadline=None)
@given(value=_VALUES, before=_AROUND, after=_AROUND)
@example(value=_HARD, before="", after="")
@example(value="''''''''", before="'", after="'")
@example(value="rabbit-7", before="\\", after="")
@example(value="rabbit-7", before="", after="n")
def test_a_value_is_found_in_every_form_of_text(form: str, value: str, before: str, after: str) -> None:
    """However a value is escaped, and whatever stands around it, it is masked."""
    shown = _TEXT_FORMS[form](value)
    scrubbed = _scrubber(value).text(before + shown + after)

    assert _MASK in scrubbed
    assert shown not in scrubbed.replace(_MASK, "\0")


@pytest.mark.parametrize("wrapping", _WRAPPINGS)
@pytest.mark.parametrize("form", _BYTE_FORMS)
@settings(max_examples=25, deadline=None)
@given(value=_VALUES, before=_BYTES, after=_BYTES)
def test_a_value_is_found_in_base64(form: str, wrapping: str, value: str, before: bytes, after: bytes) -> None:
    """At each of the three positions, in lines or not, escaped or not, nothing that is left decodes to the value."""
    shown = _WRAPPINGS[wrapping](before + _BYTE_FORMS[form](value) + after)
    scrubbed = _scrubber(value).text(f"begin {shown} end")

    assert _MASK in scrubbed
    assert shown not in scrubbed
    kept = scrubbed.removeprefix("begin ").removesuffix(" end").split(_MASK)
    assert sum(len(part.strip("=")) for part in kept) <= 2 * (len(before) + len(after)) * 4 + 8


@settings(deadline=None)
@given(text=st.text(max_size=400), value=st.text("ABCDEFGHIJabcdefghij0123456789!#", min_size=12, max_size=20))
def test_other_text_stays(text: str, value: str) -> None:
    """A text in which the value is not comes out as it went in."""
    if value[:4] not in text:
        assert text == _scrubber(value).text(text)


@settings(deadline=None)
@given(value=_VALUES, kept=st.integers(4, 29))
def test_what_was_clipped_shows_no_beginning(value: str, kept: int) -> None:
    """A text that was cut in the middle of a value, as those of hosts and receivers are, keeps nothing of it."""
    part = value[: min(kept, len(value) - 1)]
    scrubbed = _scrubber(value).text("x" * 200 + "\n" + part)

    assert scrubbed == "x" * 200 + "\n" + _MASK


def test_a_long_secret_is_found_in_lines_and_parts() -> None:
    """Of a key of many lines each line is masked, also where the line ends were changed."""
    lines = [base64.b64encode(bytes([number]) * 48).decode() for number in range(20)]
    pem = "\n".join(("-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----"))
    scrubbed = _scrubber(pem).text("key: " + pem.replace("\n", "\r\n"))

    assert [] == [line for line in lines if line[:20] in scrubbed or line[-20:] in scrubbed]


def test_a_value_in_a_longer_value_hides_neither() -> None:
    """Of two values of which one begins with the other, the longer is masked whole."""
    assert f"a {_MASK} b {_MASK}" == _scrubber("hunter22", "hunter22-and-more").text("a hunter22-and-more b hunter22")


def test_only_the_last_values_are_kept() -> None:
    """A scrubber that serves a whole process does not grow for ever."""
    scrubber = Scrubber(most=2)
    for value in ("first-value", "second-value", "first-value", "third-value"):
        scrubber.add(SecretStr(value))

    assert f"{_MASK} second-value {_MASK}" == scrubber.text("first-value second-value third-value")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("'" * 20, "'" * 45 + "x"),
        ("\\" * 20, "\\" * 60 + "x"),
        (" '" * 20, " '" * 5000),
        ("&" * 8, "&amp;" * 5000),
        ("+  ++  ++", "+" * 20000),
        ("a" * 20 + "!", "a" * 20000),
        ("\\'\\'\\'\\'\\'b", "\\\\'" * 4000),
    ],
)
def test_no_text_makes_it_slow(value: str, text: str) -> None:
    """A caller who chooses secret and text cannot keep a worker busy: the patterns do not backtrack."""
    started = time.process_time()
    _scrubber(value).text(text)

    assert time.process_time() - started < 5  # tens of milliseconds; minutes and more when they do
