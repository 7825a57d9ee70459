"""What the command meets outside: who sends its requests, the screen it prints on, time. Tests give their own."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import click
import requests

from service.commands.tables import Screen
from service.commands.verbs import choices


@dataclass(frozen=True)
class Outside:
    """Given to the command as click's `obj`; None stands for the real one."""

    send: Callable[..., requests.Response] | None = None
    screen: Screen | None = None
    pause: Callable[[float], None] = time.sleep


def sender() -> Callable[..., requests.Response]:
    """Return what sends requests."""
    return _outside().send or requests.request


def pause() -> Callable[[float], None]:
    """Return what lets time pass."""
    return _outside().pause


def screen() -> Screen:
    """Return the screen that standard output is: no terminal when it is piped; NO_COLOR and --no-color are honoured."""
    given = _outside().screen
    if given is not None:
        return given
    is_terminal = sys.stdout.isatty()
    wide = shutil.get_terminal_size((80, 24)).columns
    return Screen(is_terminal, wide, is_terminal and may_colour(os.environ), may_redraw(os.environ))


def may_colour(environ: Mapping[str, str]) -> bool:
    """Tell whether colours are wanted; https://no-color.org: any NO_COLOR that is not empty forbids them."""
    return not (choices().no_color or environ.get("NO_COLOR") or environ.get("TERM") == "dumb")


def may_redraw(environ: Mapping[str, str]) -> bool:
    """Tell whether the terminal can go back over what it shows; rich draws nothing in one that cannot."""
    return environ.get("TERM", "").lower() not in ("dumb", "unknown")


def _outside() -> Outside:
    context = click.get_current_context(silent=True)
    found = context.find_object(Outside) if context else None
    return found or Outside()
