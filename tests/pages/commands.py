"""What a command of a page says, held against the real thing: the Makefile, the command line, the routes of the API."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from functools import cache

import click
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from service.api.registration import register_views
from service.cli import matryoshka
from service.ui.dashboard import register_dashboard
from tests.conftest import ROOT

# Programs that a page shows and no test runs, with the reason; their words are not looked at.
SHOWN: Mapping[str, str] = {
    "apt": "changes the machine",
    "apt-get": "changes the machine",
    "brew": "changes the machine",
    "$EDITOR": "the reader's editor",
    "awk": "cuts a text",
    "bash": "runs a script of this project",
    "cat": "reads a file of the reader's",
    "cd": "moves the reader's shell",
    "chmod": "rights of files of an installation",
    "chown": "rights of files of an installation",
    "chromium": "a browser",
    "cp": "copies files of an installation",
    "cut": "cuts a text",
    "docker": "no container engine here; make check-deploy reads the files",
    "echo": "prints",
    "eval": "reads what another command prints into the reader's shell",
    "exit": "ends the reader's shell",
    "export": "sets a variable",
    "git": "the network",
    "grep": "reads a file of the reader's",
    "head": "cuts a text",
    "helm": "no cluster here; make check-deploy renders the chart",
    "install": "copies files of an installation",
    "jq": "reads an answer",
    "journalctl": "needs systemd",
    "k6": "not installed here",
    "kill": "ends a process of the reader's",
    "kubectl": "no cluster here; make check-deploy reads what the chart makes",
    "mkdir": "makes a folder of an installation",
    "npx": "the network; make clients runs it",
    "openapi-python-client": "the network; make clients runs it",
    "openssl": "not needed by the tests",
    "pip": "the network",
    "pipx": "the network",
    "printf": "prints",
    "promtool": "run by its own test where it is installed",
    "amtool": "run by its own test where it is installed",
    "pytest": "the test itself",
    "python": "a module of this project, looked at by name",
    "redis-cli": "a server of the reader's",
    "rsync": "another machine",
    "scp": "another machine",
    "set": "options of the reader's shell",
    "source": "reads a file into the reader's shell",
    "date": "tells the time",
    ".": "reads a file into the reader's shell",
    "ssh": "another machine",
    "sudo": "rights on the reader's machine",
    "sort": "sorts a text",
    "systemctl": "needs systemd",
    "tail": "cuts a text",
    "sleep": "waits",
    "tar": "packs files of an installation",
    "test": "compares values of the reader's shell",
    "until": "a loop of the reader's shell",
    "useradd": "changes the machine",
    "uv": "the network",
    "valkey-cli": "a server of the reader's",
    "watch": "repeats another command",
}
_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")
_ASSIGNED = re.compile(r"^(?:[A-Z_][A-Z0-9_]*|[a-z_]+)=")
_OURS = {"matryoshka", ".venv/bin/matryoshka", "bin/matryoshka"}
_PYTHONS = {"python", "python3", ".venv/bin/python"}
_INNER = re.compile(r"\$\(([^()]*)\)")
_SEPARATORS = {"&&", "||", ";", "|", "&"}
_FILLED = re.compile(r"\{[^}/]*\}|\$\{?[A-Za-z_]\w*\}?|<[^>/]+>|\.\.\.")


def logical_lines(code: str) -> Iterator[str]:
    """Yield the commands of a block: continued lines joined, prompts and comments taken away."""
    for line in code.replace("\\\n", " ").splitlines():
        text = re.sub(r"(?:^|\s)#\s.*$", "", line.removeprefix("$ ")).strip()
        if text and not text.startswith("#"):
            yield text


def fault_of(line: str) -> str:
    """Return what is wrong with a command; '' when nothing is, or when it is of the programs that are only shown."""
    for inner in _INNER.findall(line):
        fault = fault_of(inner)
        if fault:
            return fault
    line = _INNER.sub("x", line)
    try:
        lexer = shlex.shlex(line, posix=True, punctuation_chars=";|&")
        lexer.whitespace_split = True
        lexer.commenters = ""
        words = list(lexer)
    except ValueError as error:
        return f"is no command: {error}"
    return next((fault for part in _parts(words) if (fault := _fault(part))), "")


def is_command(line: str) -> bool:
    """Return whether a line of a block begins like a command that is known here."""
    word = line.split(maxsplit=1)[0]
    return bool(_ASSIGNED.match(line)) or word in _METHODS or _checker(word) is not None or word in SHOWN


def request_fault(method: str, path: str) -> str:
    """Return what is wrong with a request; '' when the API has this route."""
    filled = _FILLED.sub("x", path.partition("?")[0])
    try:
        _routes().match(filled, method)
    except HTTPException as error:
        return f"{method} {path}: {error.code}"
    return ""


def _parts(words: list[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for word in words:
        if word in _SEPARATORS:
            yield part
            part = []
        else:
            part.append(word)
    yield part


def _fault(words: list[str]) -> str:
    while words and _ASSIGNED.match(words[0]):
        words = words[1:]
    if not words:
        return ""
    if words[0] in _METHODS and len(words) > 1:
        return request_fault(words[0], words[1])
    check = _checker(words[0])
    if check is not None:
        return check(words[1:])
    return "" if words[0] in SHOWN else f"{words[0]} is neither checked nor in the list of what is only shown"


def _checker(word: str) -> Callable[[list[str]], str] | None:
    if word in _OURS:
        return _matryoshka
    if word in _PYTHONS:
        return _python
    return {"make": _make, "curl": _curl, ".ci/run": lambda _words: ""}.get(word)


def _make(words: list[str]) -> str:
    targets = set(
        re.findall(r"^([a-z][a-z-]*(?: [a-z-]+)*|[$.\w()/]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    )
    known = {one for target in targets for one in target.replace("$(VENV)", ".venv").split()}
    wanted = [word for word in words if not word.startswith("-") and "=" not in word]
    return next((f"make {word}: no such target" for word in wanted if word not in known), "")


def _python(words: list[str]) -> str:
    if words[:1] != ["-m"] or len(words) < 2:
        return ""
    path = ROOT / words[1].replace(".", "/")
    is_ours = (ROOT / words[1].partition(".")[0]).is_dir()
    return "" if not is_ours or path.is_dir() or path.with_suffix(".py").exists() else f"no module {words[1]}"


def _matryoshka(words: list[str]) -> str:
    command: click.Command = matryoshka
    name, context = "matryoshka", None
    words = _without_redirects(words)
    while isinstance(command, click.Group):
        # As click itself goes on: a group may take a word that is no verb for something else, as `submit FILE` does.
        context = command.make_context(name, list(words), parent=context, resilient_parsing=True)
        words = [*context._protected_args, *context.args]
        if not words:
            return ""
        found = command.get_command(context, words[0])
        if found is None:
            return f"{name} has no {words[0]}"
        name, command, words = words[0], found, words[1:]
    return _parsed(command, click.Context(command, context, name), words)


def _parsed(command: click.Command, context: click.Context, words: list[str]) -> str:
    if "--help" in words:
        return ""
    try:
        given, rest, _ = command.make_parser(context).parse_args(list(words))
    except click.UsageError as error:
        return f"{command.name}: {error.message}"
    missing = [
        one.name for one in command.params if one.required and one.default is None and not given.get(one.name or "")
    ]
    needless = [one for one in rest if one]
    wrong = [f"lacks {', '.join(map(str, missing))}"] if missing and words else []
    return "; ".join([*wrong, *([f"takes no {needless}"] if needless else [])])


def _without_redirects(words: list[str]) -> list[str]:
    kept: list[str] = []
    skip = False
    for word in words:
        if not skip and not re.match(r"^\d?[<>]", word):
            kept.append(word)
        skip = word in (">", "<", ">>", "2>")
    return kept


def _curl(words: list[str]) -> str:
    method = next((words[at + 1] for at, word in enumerate(words[:-1]) if word in ("-X", "--request")), "")
    sends = any(word in ("-d", "--data", "--json") or word.startswith("--data") for word in words)
    urls = [word for word in words if re.match(r"^(?:\"?\$\{?MATRYOSHKA_URL|https?://)", word)]
    others = [word for word in words if word.startswith(("$SANDBOX_URL", "https://example"))]
    if not urls:
        return "" if others else "names no address of ours"
    path = re.sub(r"^(?:\$\{?MATRYOSHKA_URL\}?|https?://[^/]+)", "", urls[0]) or "/"
    return request_fault(method or ("POST" if sends else "GET"), path)


@cache
def _routes() -> MapAdapter:
    app = Flask("page", static_folder=None)
    register_views(app)
    register_dashboard(app)
    return app.url_map.bind("page")
