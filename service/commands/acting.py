"""Who an operator's command acts as, for the audit log: the user of the machine, and the command's own words."""

from __future__ import annotations

import getpass
import os
import socket

import click

from service.ledger.acting import Acting, Actor, acting


def user_acts() -> Acting:
    """Return who runs this command, and which command: `keys create`."""
    words = click.get_current_context().command_path.split()
    operation = " ".join(words[1:] if len(words) > 1 else words)
    return Acting(Actor("cli", user_name(), f"{user_name()}@{socket.gethostname()}"), operation)


def act_as_user() -> None:
    """Let the machine's user act until the running command ends. Safe to repeat; nothing happens outside a command."""
    context = click.get_current_context(silent=True)
    if context is not None:
        context.with_resource(acting(user_acts()))


def user_name() -> str:
    """Return the login name, or `uid 1000` where the machine has no name for it, as in containers."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid {os.getuid()}"
