"""PSRP objects to native Python and back.

Parameters arrive as str, int, float, bool, None, list, dict, UUID, SecretText and Credential; output dicts leave as
PSCustomObjects with NoteProperties in the order of the dict.
"""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from psrpcore import types as ps

from sandbox.machine import Credential, SecretText

_ARRAY_TYPES: Final = ["System.Object[]", "System.Array", "System.Object"]
_INT32_MIN: Final = -(2**31)
_INT32_MAX: Final = 2**31 - 1
_INT64_MIN: Final = -(2**63)
_INT64_MAX: Final = 2**63 - 1
_SWITCH: Final = "System.Management.Automation.SwitchParameter"


def to_ps(value: Any) -> Any:  # noqa: PLR0911 - one line a type
    """Make the PSRP object of a native value. A TimeSpan leaves as seconds: psrpcore 0.3.1 misprints them.

    Raises:
        TypeError: a type that no simulated function should answer.
    """
    if value is None or isinstance(value, (bool, bytes, dt.datetime, uuid.UUID)):
        return value
    if isinstance(value, str):
        return ps.PSString(value)
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, float):
        return ps.PSDouble(value)  # a bare float would leave as Single
    if isinstance(value, dt.timedelta):
        return ps.PSDouble(value.total_seconds())
    if isinstance(value, Mapping):
        return _custom_object(value)
    if isinstance(value, (list, tuple)):
        return _array(value)
    return _secret(value)


def _integer(value: int) -> Any:
    if _INT32_MIN <= value <= _INT32_MAX:
        return ps.PSInt(value)
    if _INT64_MIN <= value <= _INT64_MAX:
        return ps.PSInt64(value)
    return ps.PSDecimal(value)


def _custom_object(value: Mapping[str, Any]) -> Any:
    made = ps.PSCustomObject()
    made.PSObject.extended_properties.extend(
        ps.PSNoteProperty(str(name), value=to_ps(item)) for name, item in value.items()
    )
    return made


def _array(values: list[Any] | tuple[Any, ...]) -> Any:
    made = ps.PSList(to_ps(item) for item in values)
    made.PSObject.type_names = list(_ARRAY_TYPES)
    return made


def _secret(value: Any) -> Any:
    if isinstance(value, SecretText):
        return ps.PSSecureString(value.value)
    if isinstance(value, Credential):
        return ps.PSCredential(UserName=value.username, Password=ps.PSSecureString(value.password.value))
    raise TypeError(f"cannot send a {type(value).__name__}")


def from_ps(value: Any) -> Any:  # noqa: C901, PLR0911 - one line a type reads better than a table of lambdas
    """Make the native value of a PSRP object. An object without a native twin becomes a dict of its properties."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, ps.PSSecureString):
        return SecretText(str(value.decrypt()))
    if isinstance(value, ps.PSCredential):
        return Credential(str(value.UserName), from_ps(value.Password))
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, (ps.PSVersion, ps.PSChar)):
        return str(value)
    if isinstance(value, uuid.UUID):
        return uuid.UUID(int=value.int)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, (float, decimal.Decimal)):
        return float(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, (bytes, dt.datetime, dt.timedelta)):
        return value
    return _composite(value)


def _composite(value: Any) -> Any:
    if isinstance(value, Mapping) or hasattr(value, "items"):
        return {str(from_ps(name)): from_ps(item) for name, item in value.items()}
    if isinstance(value, list) or hasattr(value, "__iter__"):
        return [from_ps(item) for item in value]
    meta = value.PSObject
    properties = {
        str(item.name): from_ps(item.get_value(value)) for item in (*meta.adapted_properties, *meta.extended_properties)
    }
    names = [str(name).removeprefix("Deserialized.") for name in meta.type_names]
    return bool(properties.get("IsPresent")) if _SWITCH in names else properties
