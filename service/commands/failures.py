"""What can go wrong between the command and the service, each with the exit code that tells it apart.

ApiError
Refused        4xx: a problem document
ServerFault    5xx, or an answer that is not the service's
Unreachable    no answer, and nothing was sent
Unclear        sent, and the answer was lost
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
import requests

from service.commands.exits import Exit
from service.commands.text import clean

_SERVER_FAULT = 500
NO_ADDRESS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)


class ApiError(click.ClickException):
    """The service refused or could not be reached; the message is what a person needs, with the request id."""

    exit_code = Exit.ERROR


class Refused(ApiError):
    """A 4xx. `code` is the problem's, empty when there was no problem document."""

    exit_code = Exit.REFUSED

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(explanation(status, problem))
        self.status = status
        self.problem = problem
        self.code = str(problem.get("code", ""))

    def with_lines(self, lines: Sequence[str]) -> Refused:
        """Return (not raise) the same refusal with more lines."""
        return Refused(self.status, {**self.problem, "told": list(lines)})


class ServerFault(ApiError):
    """A 5xx, or something that is not the service answered."""

    exit_code = Exit.SERVER_ERROR

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Unreachable(ApiError):
    """Nothing answered, and nothing was done."""

    exit_code = Exit.UNREACHABLE


class TimedOut(click.ClickException):
    """`--timeout` is over."""

    exit_code = Exit.TIMED_OUT


class Unclear(ApiError):
    """The request was sent and its answer was lost."""

    exit_code = Exit.UNCLEAR


def refusal(answer: requests.Response) -> ApiError:
    """Return (not raise) what an answer that is no success means."""
    try:
        problem = answer.json()
    except ValueError:
        problem = None
    if answer.status_code >= _SERVER_FAULT or not isinstance(problem, dict):
        return ServerFault(_foreign(answer, problem), answer.status_code)
    return Refused(answer.status_code, problem)


def _foreign(answer: requests.Response, problem: Any) -> str:
    if isinstance(problem, dict):
        return explanation(answer.status_code, problem)
    return f"HTTP {answer.status_code} from {answer.url}, and not in the words of the Matryoshka API."


def explanation(status: int, problem: dict[str, Any]) -> str:
    """Return what a problem document says, for people: what, where, under which request id."""
    lines = [f"HTTP {status} {problem.get('code', '')}: {problem.get('detail', '')}" if problem else f"HTTP {status}"]
    lines += [f"  {fault.get('pointer', '')}: {fault.get('detail', '')}" for fault in problem.get("errors") or ()]
    lines += [f"  {fault.get('name', '')}: {fault.get('detail', '')}" for fault in problem.get("parameters") or ()]
    lines += [f"  {problem[name]}" for name in ("remedy",) if problem.get(name)]
    lines += [f"  {line}" for line in problem.get("told") or ()]
    if problem.get("request_id"):
        lines.append(f"  request {problem['request_id']}")
    return "\n".join(clean(line) for line in lines)


def unreachable(url: str, error: Exception) -> Unreachable:
    """Return (not raise) why nothing answered at an address, and what to look at."""
    if isinstance(error, requests.exceptions.SSLError):
        why = "its certificate is not trusted or not its own"
        cure = "Give the authority's certificate: MATRYOSHKA_CA_FILE, --ca-file or ca_file of the profile."
    elif isinstance(error, requests.Timeout):
        why = "it did not answer in time"
        cure = "Try again; look at the service's log and at what is between."
    elif isinstance(error, NO_ADDRESS):
        why = "this is not an address"
        cure = "An address is http:// or https://, a name and perhaps a port."
    else:
        why = "nothing listens there, or its name is not known"
        cure = "Is the service running? Is MATRYOSHKA_URL, --url or the profile's url right? Is a proxy in between?"
    return Unreachable(f"{url} cannot be reached: {why}.\n  {cure}")
