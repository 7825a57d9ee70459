"""Questions to the person at the terminal. With --no-input, and where nobody sits, none is asked."""

from __future__ import annotations

import sys

import click

from service.commands.verbs import choices


def may_ask() -> bool:
    """Tell whether somebody can answer."""
    return sys.stdin.isatty() and not choices().no_input


def sure(question: str, *, yes: bool) -> None:
    """Ask before something is destroyed; a script, which named the verb, is not asked. Raises click.Abort for a no."""
    if not yes and may_ask():
        click.confirm(question, abort=True, err=True)


def secret(prompt: str, instead: str) -> str:
    """Ask for a secret without showing it. Raises click.UsageError with --no-input: `instead` says what to give."""
    if choices().no_input:
        raise click.UsageError(f"{prompt} is needed and --no-input forbids to ask: {instead}.")
    answer: str = click.prompt(prompt, hide_input=True, err=True)
    return answer
