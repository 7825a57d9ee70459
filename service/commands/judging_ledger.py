"""The doctor on the Redis server: settings, memory, persistence, role. Pure: its facts in, verdicts out.

The facts are those of `GET /v1/installation` (`ledger`), or the same read straight from the server by an operator.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from service.commands.verdicts import Verdict, fault, unknown, warned, well

_OLDEST = {"redis": (6, 2), "valkey": (7, 2)}
_LITTLE, _NEARLY_NONE = 0.2, 0.05  # shares of memory, of clients and of disk that are left
_SLOW_SECONDS = 0.05
_MIB = 1 << 20
_CONFIG = "deploy/valkey/valkey.conf has the settings that are needed."

Facts = Mapping[str, Any]


def judge_server(facts: Facts, source: str = "ledger") -> Iterator[Verdict]:
    """Yield what there is to say of the server; `source` begins the names of the checks."""
    yield _release(facts, f"{source}.version")
    yield _settings(facts, f"{source}.settings")
    yield from _memory(facts, f"{source}.memory")
    yield from _persistence(facts, f"{source}.persistence")
    yield from _role(facts, f"{source}.role")
    yield from _load(facts, f"{source}.load")


def judge_disk(free: int | None, total: int | None, check: str = "redis.disk") -> Verdict:
    """Return whether the disk that holds the append-only file has room; None where it is another machine's."""
    if free is None or not total:
        remedy = "Look at the disk of the Redis server: `CONFIG GET dir` says where its files are."
        return unknown(check, "The disk of the append-only file is not this machine's.", remedy)
    detail = f"{free // _MIB} MiB of {total // _MIB} MiB are free for the append-only file."
    if free / total < _NEARLY_NONE:
        return fault(check, detail, "Make room: a full disk stops every write.")
    if free / total < _LITTLE:
        return warned(check, detail, "Make room, or give the append-only file a larger disk.")
    return well(check, detail)


def _release(facts: Facts, check: str) -> Verdict:
    product, version = facts.get("product"), facts.get("version")
    if not version:
        return unknown(check, "The server does not tell its version.", "Allow INFO to the ledger's account.")
    detail = f"{product} {version}"
    oldest = _OLDEST.get(str(product), (0, 0))
    if _numbers(str(version)) < oldest:
        return warned(check, detail, f"Use {product} {'.'.join(map(str, oldest))} or later: nothing older was tried.")
    return well(check, detail)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())


def _settings(facts: Facts, check: str) -> Verdict:
    faults, settings = facts.get("faults") or (), facts.get("settings") or {}
    if faults:
        return fault(check, f"Acknowledged writes may be lost: {'; '.join(faults)}.", _CONFIG)
    if not settings:
        return unknown(check, "The server does not tell its settings.", f"Allow CONFIG GET, or look by hand. {_CONFIG}")
    return well(check, ", ".join(f"{name} {value}" for name, value in settings.items()))


def _memory(facts: Facts, check: str) -> Iterator[Verdict]:
    used, most, system = facts.get("memory_used"), facts.get("memory_max"), facts.get("memory_system")
    if facts.get("evicted"):
        remedy = "Set maxmemory-policy noeviction and restore what was lost from a backup."
        yield fault("ledger.evicted", f"{facts['evicted']} keys were evicted since the server began.", remedy)
    bound = most or system
    if used is None or not bound:
        yield unknown(check, "The server does not tell its memory.", "Allow INFO to the ledger's account.")
        return
    left = 1 - used / bound
    name = "maxmemory" if most else "the machine's memory"
    detail = f"{used // _MIB} MiB used of {bound // _MIB} MiB ({name})."
    if left < _NEARLY_NONE:
        yield fault(check, detail, "Give it more memory: with noeviction a full server refuses every write.")
    elif left < _LITTLE:
        yield warned(check, detail, "Give it more memory, or shorten MATRYOSHKA_RETENTION_SECONDS.")
    else:
        yield well(check, detail)


def _persistence(facts: Facts, check: str) -> Iterator[Verdict]:
    if facts.get("aof_ok") is False:
        yield fault(check, "The last write of the append-only file failed.", "Look at the server's log and its disk.")
    elif facts.get("aof_enabled") is False:
        yield fault(check, "The append-only file is off: a restart loses jobs.", _CONFIG)
    elif facts.get("aof_enabled"):
        yield well(check, "The append-only file is written.")
    if facts.get("rdb_ok") is False:
        yield warned(check, "The last snapshot failed.", "Look at the server's log and its disk.")


def _role(facts: Facts, check: str) -> Iterator[Verdict]:
    role = facts.get("role")
    if role is None:
        return
    if role != "master":
        yield fault(check, f"The server is a {role}.", "Point MATRYOSHKA_REDIS_URL at the primary.")
        return
    yield well(check, f"primary with {facts.get('replicas') or 0} replicas")


def _load(facts: Facts, check: str) -> Iterator[Verdict]:
    clients, most = facts.get("clients"), facts.get("clients_max")
    if clients is not None and most and 1 - clients / most < _LITTLE:
        yield warned(check, f"{clients} of {most} clients are connected.", "Raise maxclients.")
    latency = facts.get("latency_seconds")
    if latency is not None and latency > _SLOW_SECONDS:
        detail = f"It answers in {1000 * latency:.0f} ms."
        yield warned(check, detail, "Put it nearer to the processes; look for slow commands of others (SLOWLOG GET).")
