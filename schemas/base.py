"""The strict base of all schemas, and the few fields that every resource uses."""

from __future__ import annotations

# ruff: noqa: ARG002 - marshmallow calls these hooks with arguments that a simple field does not need
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

from marshmallow import RAISE, Schema, ValidationError, fields, validate

LABEL_LIMIT = 32
_LABEL_KEY = re.compile(r"[a-z0-9]([a-z0-9._/-]{0,61}[a-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")
# Control, format (bidi overrides), surrogate, line and paragraph separators: logs will show these names.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class Coded(str):
    """A message that carries a stable code beside its English text."""

    __slots__ = ("code",)
    code: str

    def __new__(cls, detail: str, code: str) -> Self:
        """Make the text and put the code beside it."""
        message = super().__new__(cls, detail)
        message.code = code
        return message

    def format(self, *_args: object, **_values: object) -> Coded:
        """Return itself: marshmallow formats messages, which would drop the code."""
        return self


def coded(detail: str, code: str, *path: str | int) -> ValidationError:
    """Return (not raise) a refusal with its code, below `path` when one is given."""
    messages: Any = [Coded(detail, code)]
    for part in reversed(path):
        messages = {part: messages}
    return ValidationError(messages)


class StrictSchema(Schema):
    """Refuses unknown fields and loads to plain dicts in the order of the declaration."""

    class Meta:
        """Unknown fields are refused: a misspelt option must not be ignored."""

        unknown = RAISE


class EmptySchema(StrictSchema):
    """A body without members."""


def is_printable(value: str) -> bool:
    """Tell whether a text has no control and other invisible characters."""
    return not any(unicodedata.category(character) in _UNPRINTABLE for character in value)


def printable(value: str) -> None:
    """Refuse control and other invisible characters; raises ValidationError."""
    if not is_printable(value):
        raise coded("Control characters are not allowed.", "characters")


def text(shortest: int = 1, longest: int = 255, *, pattern: str = "", hint: str = "", **options: Any) -> fields.String:
    """Return a field for one line of text with bounds in characters and, if given, a whole-string pattern."""
    rules: list[Any] = [validate.Length(shortest, longest), printable]
    if pattern:
        rules.append(validate.Regexp(rf"^(?:{pattern})$", error=Coded(hint or "This form is not allowed.", "pattern")))
    return fields.String(validate=rules, **options)


def whole(least: int, most: int, **options: Any) -> fields.Integer:
    """Return a field for a JSON integer with inclusive bounds; `"5"` and `5.0` are refused."""
    return fields.Integer(strict=True, validate=validate.Range(least, most), **options)


def choice(*names: str, **options: Any) -> fields.String:
    """Return a field for one of the names."""
    return fields.String(validate=validate.OneOf(names), **options)


class Flag(fields.Boolean):
    """A JSON boolean. marshmallow's own also takes 1, "yes" and "on", which a schema of `boolean` does not promise."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Timestamp(fields.Field[float]):
    """Seconds since 1970 UTC inside, RFC 3339 with milliseconds and `Z` outside. A time without offset is refused."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        if value is None:
            return None
        moment = datetime.fromtimestamp(float(value), tz=UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> float:
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError) as error:
            raise coded("Not an RFC 3339 time such as 2026-01-31T12:00:00Z.", "time") from error
        if moment.tzinfo is None:
            raise coded("A time needs its offset, such as Z or +01:00.", "time")
        seconds = moment.timestamp()
        try:
            # Near the first and the last year an offset leads out of what can be shown again.
            datetime.fromtimestamp(seconds, tz=UTC)
        except (OverflowError, ValueError, OSError) as error:
            raise coded("This time is out of range.", "range") from error
        return seconds


class Moment(fields.Field[str]):
    """A time that stays text: RFC 3339 in UTC with milliseconds, so that a request is shown as it was understood."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        moment = datetime.fromtimestamp(Timestamp().deserialize(value), tz=UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Labels(fields.Field[dict[str, str]]):
    """Up to 32 `key: value` pairs of text; the answer to `label=key=value` filters."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> dict[str, str]:
        return dict(value or {})

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> dict[str, str]:
        if not isinstance(value, Mapping):
            raise coded("Not an object of label names and values.", "type")
        if len(value) > LABEL_LIMIT:
            raise coded(f"At most {LABEL_LIMIT} labels.", "length")
        refused = {key: [refusal] for key, item in value.items() if (refusal := _label_refusal(key, item))}
        if refused:
            raise ValidationError(refused)
        return dict(value)


def _label_refusal(key: object, value: object) -> Coded | None:
    if not isinstance(key, str) or not _LABEL_KEY.fullmatch(key):
        return Coded(
            "A label name is 1-63 of a-z, 0-9, '.', '_', '/', '-', with a letter or digit at its ends.", "pattern"
        )
    if not isinstance(value, str) or not _LABEL_VALUE.fullmatch(value):
        return Coded(
            "A label value is up to 63 letters, digits, '.', '_', '-', with a letter or digit at its ends.", "pattern"
        )
    return None


def object_id(prefix: str, **options: Any) -> fields.String:
    """Return a field for an id of ours: the prefix and 26 hexadecimal digits."""
    return text(
        1,
        64,
        pattern=rf"{prefix}_[0-9a-f]{{26}}",
        hint=f"Not an id of the form {prefix}_<26 hexadecimal digits>.",
        **options,
    )
