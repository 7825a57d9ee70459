"""`matryoshka submit` and `matryoshka plan`: a request from a file, standard input, or flags for each job kind."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from schemas.kinds import REQUEST_SCHEMAS
from service.commands.client import Client, client_from_env
from service.commands.exits import Exit
from service.commands.failures import Refused
from service.commands.kind_flags import entries_of, flag_of, options_of, pointer_of, request_from
from service.commands.naming import lab_id
from service.commands.outside import screen
from service.commands.plan_parts import plan_parts
from service.commands.request_files import read_request
from service.commands.showing import show
from service.commands.verbs import GLOBAL_OPTIONS, Verb, Verbs
from service.commands.waiting import Patience, finish, keyed, waits

_FILE = "FILE"
Sender = Callable[..., Any]


def kind_of(word: str) -> str:
    """Return the job kind of a word of the command line: `nested-cluster` is `nested_cluster`."""
    return word.replace("-", "_")


class Requests(Verbs):
    """A group with a command for each job kind, and one for a file, which is taken when no kind is named."""

    def __init__(self, *arguments: Any, sender: Sender, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self._sender = sender
        self.of_file = Verb(_FILE, callback=_from_file(sender), params=_file_params(sender), help=self.help)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the kinds as words."""
        return [kind.replace("_", "-") for kind in REQUEST_SCHEMAS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the command of a kind; it is made from the kind's schema when it is used."""
        if cmd_name == _FILE:
            return self.of_file
        kind = kind_of(cmd_name)
        if kind not in REQUEST_SCHEMAS:
            return None
        if cmd_name not in self.commands:
            self.commands[cmd_name] = _command_of(cmd_name, kind, self._sender)
        return self.commands[cmd_name]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take what is no kind for a file: its options may stand before it and behind."""
        word = _first_word(args)
        if word is not None and kind_of(word) not in REQUEST_SCHEMAS:
            args = [_FILE, *args]
        return super().parse_args(ctx, args)


def _first_word(args: list[str]) -> str | None:
    """Return the first argument that is no global option; an option that is none means a file."""
    with_value = {name for option in GLOBAL_OPTIONS if not option.is_flag for name in option.opts}
    alone = {name for option in GLOBAL_OPTIONS if option.is_flag for name in option.opts} | {"--help", "-h"}
    rest = list(args)
    while rest and rest[0] in with_value | alone:
        del rest[: 2 if rest[0] in with_value else 1]
    return rest[0] if rest else None


def _from_file(sender: Sender) -> Callable[..., Any]:
    def called(file: Any, **options: Any) -> None:
        sender(client_from_env(), read_request(file), **options)

    return called


def _file_params(sender: Sender) -> list[click.Parameter]:
    return [click.Argument(["file"], type=click.File(encoding="utf-8")), *_params_of(sender)]


def _params_of(sender: Sender) -> list[click.Parameter]:
    # Where click's decorators leave them, the last one first.
    return list(reversed(getattr(sender, "__click_params__", [])))


def _command_of(name: str, kind: str, sender: Sender) -> click.Command:
    schema = REQUEST_SCHEMAS[kind]()

    def called(**given: Any) -> None:
        options = {option: value for option, value in given.items() if not pointer_of(option)}
        members = {pointer_of(option): value for option, value in given.items() if pointer_of(option)}
        client = client_from_env()
        body = _with_lab_id(client, request_from(schema, kind, members))
        try:
            sender(client, body, **options)
        except Refused as error:
            raise _with_flags(error, [entry.name for entry in entries_of(schema)]) from error

    doc = (REQUEST_SCHEMAS[kind].__doc__ or "").strip()
    params: list[click.Parameter] = [*options_of(schema), *_params_of(sender)]
    return Verb(name, callback=called, params=params, help=doc)


def _with_lab_id(client: Client, body: dict[str, Any]) -> dict[str, Any]:
    """Return the request with the ids of the labs that it names."""
    if body.get("lab_id"):
        return body | {"lab_id": lab_id(client, body["lab_id"])}
    if (body.get("target") or {}).get("lab_id"):
        return body | {"target": {**body["target"], "lab_id": lab_id(client, body["target"]["lab_id"])}}
    return body


def _with_flags(error: Refused, pointers: list[str]) -> Refused:
    """Return the refusal with the flags of the members that it names."""
    named = {str(fault.get("pointer", "")).removeprefix("#") for fault in error.problem.get("errors") or ()}
    flags = {pointer: flag_of(pointer) for pointer in pointers if pointer in named}
    return error.with_lines([f"#{pointer} is {flag}" for pointer, flag in flags.items()])


@waits
@keyed
def send_job(client: Client, body: dict[str, Any], *, idempotency_key: str, patience: Patience) -> None:
    """Submit a request. Raises ApiError."""
    finish(client, client.call_once("POST", "/v1/jobs", body, idempotency_key), patience)


def send_plan(client: Client, body: dict[str, Any]) -> None:
    """Show the plan of a request; leaves with REFUSED when the rules forbid it. Raises ApiError."""
    found = client.call("POST", "/v1/jobs:plan", body)
    show(found, lambda: plan_parts(found, is_for_people=screen().is_terminal))
    if found["refused"]:
        sys.exit(Exit.REFUSED)


submit = Requests(
    "submit",
    sender=send_job,
    help="""Submit a request: a FILE (JSON or YAML, - reads standard input), or a job kind and its flags.

    \b
    matryoshka submit request.json --watch
    matryoshka submit nested-cluster --host hv1 --name lab1 --nodes 3 --image ws2025 --subnet 172.30.50.0/24

    Behind the file or among the flags: --wait or --watch stay until the job ends, --timeout for so long at most,
    --idempotency-key makes it safe to ask again.
    """,
)
plan = Requests(
    "plan",
    sender=send_plan,
    help="""Show what a request would do, without doing it: steps, needs, estimates, and what the rules say.

    \b
    matryoshka plan request.json
    matryoshka plan nested-host --host hv1 --name lab1 --image ws2025 --subnet 172.30.50.0/24
    """,
)
