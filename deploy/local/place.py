"""The folder of a local stack: emptied at its start, so it must be a stack's, and of one stack at a time."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path
from typing import IO

_MARK = "stack.lock"
_PARTS = ("logs", "keys", "ca")


class StackError(Exception):
    """The stack did not come up; the message names the program and its log, or the folder."""


def take(directory: Path) -> IO[str]:
    """Make or empty a stack's folder, and hold it until the answer is closed or this process ends.

    Raises:
        StackError: a stack runs in it, or it has what no stack has put there. Nothing was touched then.
    """
    directory.mkdir(parents=True, exist_ok=True)
    found = {path.name for path in directory.iterdir()}
    if found and _MARK not in found and not found.issuperset(_PARTS):
        raise StackError(f"{directory} has files that are no stack's, and would be emptied: name another folder")
    hold = (directory / _MARK).open("a")
    try:
        fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        hold.close()
        raise StackError(f"a stack runs in {directory}: end it, or name another folder (--directory)") from None
    for path in directory.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != _MARK:
            path.unlink()
    for name in _PARTS:
        (directory / name).mkdir()
    return hold
