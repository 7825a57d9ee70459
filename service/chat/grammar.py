"""The commands of chat. The grammar is on the page docs/chat.md; this is its only parser.

Pure: no network, no ledger. Keywords may be written in any case; names are kept as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

from service.chat.building import BUILD_EXAMPLE, Build, parse_build
from service.chat.words import NotUnderstood, Word, nearest, words_of

EXAMPLES = {
    "build": BUILD_EXAMPLE,
    "status": "status lab1",
    "jobs": "jobs",
    "labs": "labs",
    "cancel": "cancel job_0123456789abcdef0123456789",
    "teardown": "teardown lab1",
    "verify": "verify lab1",
    "help": "help",
}
_TARGETS = {"status": "a job or a lab", "cancel": "a job", "teardown": "a lab", "verify": "a lab"}
_LONGEST_TARGET = 100


@dataclass(frozen=True)
class Ask:
    """A command that is a verb and, for some, what it is about: an id, or the name of a lab."""

    verb: str
    target: str = ""


Command = Build | Ask


def parse(text: str) -> Command:
    """Return what a text asks for; an empty text asks for help.

    Raises:
        NotUnderstood: names the word, the nearest known one and an example.
    """
    words = words_of(text)
    if not words:
        return Ask("help")
    verb = words[0].key
    if verb not in EXAMPLES:
        raise _unknown_verb(words[0])
    if verb == "build":
        return parse_build(words[1:])
    return _ask(verb, words[1:])


def _ask(verb: str, rest: list[Word]) -> Ask:
    example = EXAMPLES[verb]
    if verb not in _TARGETS:
        if rest and verb != "help":
            raise NotUnderstood(
                f"{verb} takes nothing behind it.", word=rest[0].text, place=rest[0].place, example=example
            )
        return Ask(verb)
    if not rest:
        raise NotUnderstood(f"{verb} needs {_TARGETS[verb]}.", example=example)
    # People write "status of lab1" and "teardown lab lab1"; a lab may be called "lab".
    named = rest[1:] if len(rest) > 1 and rest[0].key in ("of", "job", "lab", "the") else rest
    if len(named) > 1:
        extra = named[1]
        raise NotUnderstood(f"{verb} takes one name.", word=extra.text, place=extra.place, example=example)
    if len(named[0].text) > _LONGEST_TARGET:
        raise NotUnderstood("This name is too long.", place=named[0].place, example=example)
    return Ask(verb, named[0].text)


def _unknown_verb(word: Word) -> NotUnderstood:
    close = nearest(word.text, EXAMPLES)
    return NotUnderstood(
        f"A command begins with one of {', '.join(EXAMPLES)}.",
        word=word.text,
        place=word.place,
        nearest=close,
        example=EXAMPLES[close or "build"],
    )
