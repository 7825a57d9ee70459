"""The folders of the pretended Windows' machines: disks (their bytes are their path), sidecars, hosts file, journal."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.contract.world import Disk, JournaledCall, Place, World


def write_files(place: Place, folder: Path, now: datetime) -> None:
    """The machine's own files: disks (their bytes are their path) with sidecars, the hosts file, the journal."""
    uid = uid_of(place.path)
    home = folder / "machines" / uid
    windows = home / "Windows"
    windows.mkdir(parents=True)
    for number, disk in enumerate(place.machine.all_disks()):
        _write_disk(windows, disk)
        (folder / "vhds" / f"{uid}-{number}").mkdir(parents=True)
    lines = ["# Windows has this file.", *(f"{address} {name}" for name, address in place.machine.hosts.items())]
    (windows / "drivers" / "etc").mkdir(parents=True)
    (windows / "drivers" / "etc" / "hosts").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if place.machine.seed_left:
        (windows / "Panther").mkdir()
        (windows / "Panther" / "unattend.xml").write_text("<unattend/>", encoding="utf-8")
    data = home / "ProgramData" / "Matryoshka"
    data.mkdir(parents=True)
    if not place.machine.is_admin:
        # Whoever runs the tests may write anywhere: a file where the folder should be is what he cannot use.
        (data / "journal").write_text("", encoding="utf-8")
    elif place.machine.calls:
        (data / "journal").mkdir()
        for call in place.machine.calls:
            _write_call(data / "journal", call, now)


def _write_disk(windows: Path, disk: Disk) -> None:
    path = windows / disk.path
    if not disk.mark_only:
        path.write_text(disk.path, encoding="utf-8")
    if disk.owner:
        tag = {"owner": disk.owner, "seed_sha256": disk.seed_sha256 or None, "folder_made": False}
        (windows / f"{disk.path}.matryoshka.json").write_text(json.dumps({"matryoshka": tag}), encoding="utf-8")
    if disk.read_only:
        path.chmod(0o444)


def _write_call(journal: Path, call: JournaledCall, now: datetime) -> None:
    """A record as the module keeps it: a line of JSON and the result; the fence of its scope."""
    ended = now - timedelta(days=call.age_days)
    fields = ("ErrorId", "ErrorCategory", "ErrorMessage", "ErrorHResult", "ErrorType", "ErrorTarget")
    result = str(call.answer.get("ResultJson", ""))
    header = {
        "CallId": call.call_id,
        "Name": call.name,
        "Status": call.status,
        "Fence": call.fence,
        "StartedAt": text_of(ended - timedelta(seconds=1)),
        "EndedAt": text_of(ended) if call.status != "running" else None,
        "ResultLength": len(result),
        **{name: call.answer.get(name) for name in fields},
    }
    path = journal / f"{call.call_id}.call"
    path.write_text(json.dumps(header) + "\n" + result, encoding="utf-8")
    fence = journal / f"fence.{call.call_id.rsplit('#', 1)[0]}.txt"
    seen = int(fence.read_text(encoding="utf-8")) if fence.exists() else 0
    fence.write_text(f"{max(seen, call.fence)}\n", encoding="utf-8")
    for written in (path, fence):
        os.utime(written, (ended.timestamp(), ended.timestamp()))


def hold_calls(world: World, folder: Path, stack: ExitStack) -> None:
    """Lock the calls that a living process runs, as it would, until the stack is closed."""
    for place in world.machines():
        journal = folder / "machines" / uid_of(place.path) / "ProgramData" / "Matryoshka" / "journal"
        for call in place.machine.calls:
            if call.held:
                descriptor = os.open(journal / f"{call.call_id}.lock", os.O_RDWR | os.O_CREAT, 0o600)
                stack.callback(os.close, descriptor)
                fcntl.flock(descriptor, fcntl.LOCK_EX)


def uid_of(path: str) -> str:
    """The pretended Windows' name of a machine: also a folder's name."""
    return path.replace("/", ".")


def text_of(moment: datetime) -> str:
    """A moment as ISO 8601 UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
