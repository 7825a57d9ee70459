"""Requests and answers of a page: each `http` block is a request, or the answer to the one before.

An answer shows what matters: its status, some headers, some members of its body. `...` in a value stands for anything.
`{name}` in an answer keeps what stands there, and in a later request or answer stands for what was kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.pages.markdown import Block

_VARIABLE = re.compile(r"\{([a-z_]+)\}")
_STATUS = re.compile(r"HTTP/1\.1 (\d{3})\b")


@dataclass(frozen=True)
class Message:
    """One block: its first line, headers by name in lower case, and the text of its body."""

    place: str
    first: str
    headers: Mapping[str, str]
    body: str

    @property
    def status(self) -> int:
        """The status of an answer; 0 for a request."""
        found = _STATUS.match(self.first)
        return int(found[1]) if found else 0


@dataclass
class Kept:
    """What `{name}` stands for."""

    values: dict[str, str] = field(default_factory=dict)

    def filled(self, text: str) -> str:
        """Return the text with everything that is known filled in."""
        return _VARIABLE.sub(lambda match: self.values.get(match[1], match[0]), text)

    def fits(self, shown: Any, real: Any) -> bool:
        """Return whether a real value is the one that is shown, and keep what has a name in it."""
        if isinstance(shown, dict):
            return isinstance(real, dict) and all(
                name in real and self.fits(one, real[name]) for name, one in shown.items()
            )
        if isinstance(shown, list):
            pairs = zip(shown, real, strict=False) if isinstance(real, list) and len(real) >= len(shown) else None
            return pairs is not None and bool(shown or not real) and all(self.fits(*pair) for pair in pairs)
        return self._text_fits(shown, str(real)) if isinstance(shown, str) else bool(shown == real)

    def _text_fits(self, shown: str, real: str) -> bool:
        pattern = re.escape(self.filled(shown)).replace(re.escape("..."), ".*")
        pattern = re.sub(r"\\\{([a-z_]+)\\\}", r"(?P<\1>[^\\s\"<>?&;,]+)", pattern)
        found = re.fullmatch(pattern, real, re.DOTALL)
        if found is not None:
            self.values.update(found.groupdict())
        return found is not None


def exchanges(blocks: Iterator[Block]) -> list[tuple[Message, Message]]:
    """Return the requests of a page with their answers; raises ValueError for one without the other."""
    messages = [_message(block) for block in blocks if block.language == "http"]
    pairs = list(zip(messages[::2], messages[1::2], strict=True))
    wrong = [request.place for request, answer in pairs if request.status or not answer.status]
    if wrong:
        raise ValueError(f"a request and its answer do not alternate: {wrong[0]}")
    return pairs


def faults(answer: Message, kept: Kept, status: int, headers: Mapping[str, str], body: str) -> list[str]:
    """Return how a real answer differs from the one that is shown."""
    found = [] if answer.status == status else [f"status {status}, not {answer.status}: {body[:300]}"]
    real = {name.lower(): value for name, value in headers.items()}
    for name, shown in answer.headers.items():
        if name not in real or not kept.fits(shown, real[name]):
            found.append(f"{name}: {real.get(name)}, not {shown}")
    if answer.body.strip() and not _body_fits(answer.body, body, kept):
        found.append(f"the body is {body[:1500]}")
    return found


def _body_fits(shown: str, real: str, kept: Kept) -> bool:
    if not shown.lstrip().startswith(("{", "[")):
        return kept.fits("..." + shown.strip() + "...", real)
    try:
        return kept.fits(json.loads(kept.filled(shown)), json.loads(real))
    except ValueError:
        return False


def _message(block: Block) -> Message:
    head, _, body = block.code.partition("\n\n")
    first, *lines = head.splitlines()
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Message(block.place, first, headers, body)
