"""Typed values both ways: Python parameters to CLIXML types, PowerShell objects to plain dicts.

Microsoft's spelling ends here: parameters leave as PascalCase, answers come in as snake_case.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from queue import Queue
from typing import Any

from pypsrp.complex_objects import ComplexObject, GenericComplexObject, PSCredential
from pypsrp.serializer import TaggedValue

from workers.errors import ProtocolBroken
from workers.secrets import Credential, SecretStr

_INT32_MAX = 2**31 - 1
_INT32_MIN = -(2**31)
# Parameters that are declared int64 in docs/functions.md: always sent as such, whatever the value.
_INT64_PARAMETERS = frozenset({"fence", "memory_mib"})
_WORDS = {"vm": "VM", "ad": "AD"}
# Keys of these are data (computer names), not field names.
_DATA_KEYED = frozenset({"HostEntries"})
_PLURALS = {"VMs": "vms"}
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def pascal_case(name: str) -> str:
    """Return the parameter's name as the module spells it: `vm_id` -> `VMId`, `memory_mib` -> `MemoryMib`."""
    return "".join(_WORDS.get(word, word[:1].upper() + word[1:]) for word in name.split("_"))


def snake_case(name: str) -> str:
    """Return a field's name as Python spells it: `VMId` -> `vm_id`, `OsBuild` -> `os_build`."""
    if name in _PLURALS:
        return _PLURALS[name]
    return _HUMP.sub("_", name).lower()


def wire_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with their wire names and types; those that are None are left out."""
    return {pascal_case(name): wire_value(value, name=name) for name, value in parameters.items() if value is not None}


def wire_value(value: Any, *, name: str = "") -> Any:
    """Return what pypsrp must be given so that the right CLIXML type is sent.

    Keys of dicts stay as they are. Raises TypeError for a type that has no wire form.
    """
    if isinstance(value, str):
        return uuid.UUID(value) if name == "vm_id" else value
    for kinds, convert in _SCALARS:
        if isinstance(value, kinds):
            return convert(value, name)
    return _container(value)


def needs_session_key(value: Any) -> bool:
    """Return whether a parameter (or anything inside it) travels encrypted with the pool's session key."""
    if isinstance(value, SecretStr | Credential):
        return True
    if isinstance(value, Mapping):
        return any(needs_session_key(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(needs_session_key(item) for item in value)
    return False


def plain_value(value: Any) -> Any:
    """Return an answer of pypsrp as JSON-like Python: objects become dicts, keys keep Microsoft's spelling."""
    if isinstance(value, GenericComplexObject):
        return _generic(value)
    if isinstance(value, ComplexObject | uuid.UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {str(plain_value(key)): plain_value(item) for key, item in value.items()}
    items = list(value.queue) if isinstance(value, Queue) else value
    return [plain_value(item) for item in items] if isinstance(items, list | tuple) else items


def text_property(value: Any, name: str) -> str:
    """Return one property of an answer as text, '' when it has none; the others may be of any kind."""
    if not isinstance(value, GenericComplexObject):
        return ""
    return str({**value.adapted_properties, **value.extended_properties}.get(name) or "")


def snake_keys(value: Any) -> Any:
    """Return a JSON-like value with field names in snake_case at every level; keys that are data stay."""
    if isinstance(value, Mapping):
        return {
            snake_case(key): dict(item) if key in _DATA_KEYED and isinstance(item, Mapping) else snake_keys(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [snake_keys(item) for item in value]
    return value


def single_object(output: Iterable[Any], name: str) -> dict[str, Any]:
    """Return the one object that a function of the module puts out, keys in Microsoft's spelling.

    Raises ProtocolBroken when there is none or more than one: the module promises exactly one.
    """
    found = [plain_value(item) for item in output]
    objects = [item for item in found if isinstance(item, dict)]
    if len(objects) != 1:
        raise ProtocolBroken(f"{name} answered {len(objects)} objects among {len(found)} outputs, not one")
    return objects[0]


def parse_result(text: str, name: str) -> dict[str, Any]:
    """Return ResultJson as a snake_case dict; raises ProtocolBroken when it is not one JSON object."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ProtocolBroken(f"{name} answered a result that is not JSON") from error
    if not isinstance(value, dict):
        raise ProtocolBroken(f"{name} answered a JSON {type(value).__name__}, not an object")
    return dict(snake_keys(value))


def _ps_credential(value: Credential) -> Any:
    make: Any = PSCredential
    return make(username=value.username, password=value.password.reveal())


def _integer(value: int, name: str) -> Any:
    # pypsrp sends every int as Int32 and the host then fails to read larger ones.
    if name in _INT64_PARAMETERS or not _INT32_MIN <= value <= _INT32_MAX:
        return TaggedValue("I64", value)
    return value


def _container(value: Any) -> Any:
    if isinstance(value, Mapping):
        # A splatted hashtable: its keys have the module's spelling already, its values need the same types.
        return {
            str(key): wire_value(item, name=snake_case(str(key))) for key, item in value.items() if item is not None
        }
    if isinstance(value, list | tuple):
        return [wire_value(item) for item in value]
    raise TypeError(f"no wire form for {type(value).__name__}")


def _generic(value: GenericComplexObject) -> Any:
    properties = {**value.adapted_properties, **value.extended_properties}
    if not properties and value.property_sets:
        # pypsrp leaves a hashtable inside a list as the XML it came in: to answer '' for it would lose it in silence.
        raise ProtocolBroken("the answer has a table inside a list, which cannot be read")
    if not properties:
        return value.to_string or ""
    return {str(key): plain_value(item) for key, item in properties.items()}


# bool before int: Python counts a bool as one.
_SCALARS: tuple[tuple[Any, Callable[[Any, str], Any]], ...] = (
    (bool | uuid.UUID, lambda value, _: value),
    (int, _integer),
    # pypsrp's own choice is a Single: 0.1 would arrive as 0.100000001
    (float, lambda value, _: TaggedValue("Db", value)),
    (SecretStr, lambda value, _: TaggedValue("SS", value.reveal())),
    (Credential, lambda value, _: _ps_credential(value)),
)
