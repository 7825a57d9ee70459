"""Script text that the sandbox understands: the bootstrap script by its hash, and a small literal subset.

There is no PowerShell engine here. `parse` reads `Verb-Noun -Name value | Other; Next` with literal values; anything
else is a terminating error 'not simulated', never silence.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from sandbox.machine import Command, PsError

_SPACE: Final = re.compile(r"[ \t\r]+|#[^\n]*")
_TOKENS: Final = re.compile(
    r"""(?P<string>'(?:[^']|'')*'|"[^"$`]*")
      | (?P<end>[;\n]+)
      | (?P<pipe>\|)
      | (?P<comma>,)
      | (?P<open>@\()
      | (?P<close>\))
      | (?P<constant>\$(?:true|false|null)\b)
      | (?P<name>-[A-Za-z]\w*:?)
      | (?P<number>-?\d+(?:\.\d+)?(?![\w.:\\-]))
      | (?P<word>[A-Za-z_.\\/:*\d][\w.\\/:*-]*)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_CONSTANTS: Final = {"$true": True, "$false": False, "$null": None}
_COMMAND: Final = re.compile(r"[A-Za-z_][\w.\\-]*$")
_VALUES: Final = frozenset({"string", "constant", "number", "word", "open"})

Statement = tuple[Command, ...]


@dataclass(frozen=True)
class Token:
    """A piece of script text and its kind."""

    kind: str
    text: str


def sha256_of(text: str) -> str:
    """The hash by which a script is known: of its UTF-8 text without BOM, carriage returns and outer white space."""
    return hashlib.sha256(text.removeprefix("\ufeff").replace("\r", "").strip().encode()).hexdigest()


def not_simulated(text: str) -> PsError:
    """The answer to a script that the sandbox cannot run."""
    first = text.strip().splitlines()[0][:60] if text.strip() else ""
    return PsError(
        "Sandbox.ScriptNotSimulated",
        "NotImplemented",
        f"This script is not simulated: {first}",
        exception_type="System.NotImplementedException",
    )


def not_allowed(command: Command) -> PsError:
    """The answer of a no-language session to a script, or to a command that it does not show (docs/sources.md H19)."""
    if not command.is_script:
        return command_missing(command.name)
    return PsError(
        "ScriptsNotAllowed",
        "ParserError",
        "The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode.",
        exception_type="System.Management.Automation.ParseException",
    )


def command_missing(name: str) -> PsError:
    """No such command in this session."""
    return PsError(
        "CommandNotFoundException",
        "ObjectNotFound",
        f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program.",
        exception_type="System.Management.Automation.CommandNotFoundException",
        target=name,
    )


def parse(text: str) -> tuple[Statement, ...]:
    """Read a script of the literal subset.

    Raises:
        PsError: id Sandbox.ScriptNotSimulated: the text is outside of the subset.
    """
    return _Parser(text).statements()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split()
        self._at = 0

    def statements(self) -> tuple[Statement, ...]:
        found: list[Statement] = []
        while self._at < len(self._tokens):
            if self._peek() == "end":
                self._at += 1
                continue
            found.append(self._pipeline())
        return tuple(found)

    def _split(self) -> list[Token]:
        tokens: list[Token] = []
        place = 0
        while place < len(self._text):
            if space := _SPACE.match(self._text, place):
                place = space.end()
                continue
            match = _TOKENS.match(self._text, place)
            if match is None or match.lastgroup is None:
                self._refuse()
            tokens.append(Token(match.lastgroup, match.group()))
            place = match.end()
        return tokens

    def _pipeline(self) -> Statement:
        commands = [self._command()]
        while self._peek() == "pipe":
            self._at += 1
            commands.append(self._command())
        if self._peek() not in ("", "end"):
            self._refuse()
        return tuple(commands)

    def _command(self) -> Command:
        kind = self._peek()
        if kind in ("string", "number", "constant", "open"):
            return Command("Write-Output", parameters={"InputObject": self._values()})
        if kind != "word" or not _COMMAND.match(self._tokens[self._at].text):
            self._refuse()
        name = self._next().text
        named: dict[str, Any] = {}
        positional: list[Any] = []
        while self._peek() in _VALUES | {"name"}:
            if self._peek() == "name":
                self._parameter(named)
            else:
                positional.append(self._values())
        return Command(name, parameters=named, positional=tuple(positional))

    def _parameter(self, named: dict[str, Any]) -> None:
        name = self._next().text.strip("-:")
        named[name] = self._values() if self._peek() in _VALUES else True

    def _values(self) -> Any:
        values = [self._value()]
        while self._peek() == "comma":
            self._at += 1
            values.append(self._value())
        return values if len(values) > 1 else values[0]

    def _value(self) -> Any:
        if self._peek() not in _VALUES:
            self._refuse()
        token = self._next()
        if token.kind == "open":
            return self._array()
        return _literal(token)

    def _array(self) -> list[Any]:
        items: list[Any] = []
        while self._peek() not in ("close", ""):
            items.append(self._value())
            if self._peek() == "comma":
                self._at += 1
        if not self._peek():
            self._refuse()
        self._at += 1
        return items

    def _peek(self) -> str:
        return self._tokens[self._at].kind if self._at < len(self._tokens) else ""

    def _next(self) -> Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _refuse(self) -> NoReturn:
        raise not_simulated(self._text)


def _literal(token: Token) -> Any:
    if token.kind == "string":
        inner = token.text[1:-1]
        return inner.replace("''", "'") if token.text[0] == "'" else inner
    if token.kind == "constant":
        return _CONSTANTS[token.text.lower()]
    if token.kind == "number":
        return float(token.text) if "." in token.text else int(token.text)
    return token.text
