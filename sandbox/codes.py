"""The WinRM fault codes that the sandbox answers, each as a function that makes the fault.

Sources: docs/sources.md H18.

The texts are English and unimportant: clients match codes.
"""

from __future__ import annotations

from typing import Final

from sandbox.machine import PipelineStopped
from sandbox.soap import WSManFault

ACCESS_DENIED: Final = 5
OPERATION_ABORTED: Final = 995
SHUTDOWN_IN_PROGRESS: Final = 1115
ACTION_NOT_SUPPORTED: Final = 2150858771
TIMED_OUT: Final = 2150858793
INVALID_RESOURCE: Final = 2150858811
INVALID_SELECTORS: Final = 2150858843
BAD_MESSAGE: Final = 2150858752  # 0x80338000: the plugin's own failure
RECEIVE_IN_PROGRESS: Final = 2150859047
SHELLS_PER_USER: Final = 2150859173
COMMANDS_PER_SHELL: Final = 2150859241
SHELL_DISCONNECTED: Final = 2150859204
SESSION_MISMATCH: Final = 2150859206
CONNECTED_ELSEWHERE: Final = 2150859213
UNEXPECTED: Final = 2147549183  # 0x8000FFFF E_UNEXPECTED: the sandbox itself failed, see GET /bugs


def access_denied() -> WSManFault:
    """The account may not use the endpoint."""
    return WSManFault(ACCESS_DENIED, "Access is denied. ", subcode="w:AccessDenied", sender=True)


def aborted() -> WSManFault:
    """A newer Receive took the place of this one, or the shell went away under it."""
    return WSManFault(
        OPERATION_ABORTED,
        "The I/O operation has been aborted because of either a thread exit or an application request. ",
    )


def not_supported(action_uri: str) -> WSManFault:
    """An action that WinRM does not know for this resource."""
    text = f"The WS-Management service cannot process the request: the action {action_uri} is not supported. "
    return WSManFault(ACTION_NOT_SUPPORTED, text, subcode="a:ActionNotSupported", sender=True)


def timed_out() -> WSManFault:
    """Nothing to receive within OperationTimeout; the client polls again."""
    text = "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  "
    return WSManFault(TIMED_OUT, text, subcode="w:TimedOut")


def invalid_resource(uri: str) -> WSManFault:
    """No such session configuration."""
    text = f"The WS-Management service cannot process the request. Cannot find the {uri} session configuration. "
    return WSManFault(INVALID_RESOURCE, text, subcode="a:DestinationUnreachable", sender=True)


def unknown_shell(shell_id: str) -> WSManFault:
    """The shell does not exist (any more)."""
    text = f"The request for the Windows Remote Shell with ShellId {shell_id} failed: the shell was not found. "
    return WSManFault(INVALID_SELECTORS, text, subcode="w:InvalidSelectors", sender=True)


def unknown_command(command_id: str) -> WSManFault:
    """Same code as an unknown shell: two meanings (recorded)."""
    text = f"The Windows Remote Shell received a request with a command identifier that does not exist: {command_id}. "
    return WSManFault(INVALID_SELECTORS, text, subcode="w:InvalidSelectors", sender=True)


def duplicate(kind: str, identifier: str) -> WSManFault:
    """A ShellId or CommandId that is in use; only Terminate frees a CommandId."""
    text = f"The {kind} {identifier} is in use. "
    return WSManFault(INVALID_SELECTORS, text, subcode="w:InvalidSelectors", sender=True)


def receive_in_progress() -> WSManFault:
    """A living client waits on the same target already."""
    return WSManFault(RECEIVE_IN_PROGRESS, "A receive operation for this shell is in progress. ")


def shells_quota(limit: int) -> WSManFault:
    """MaxShellsPerUser is reached."""
    text = (
        f"The WS-Management service cannot process the request. The maximum number of concurrent shells for this user "
        f"has been exceeded: {limit}. Close existing shells or raise the quota for this user. "
    )
    return WSManFault(SHELLS_PER_USER, text, subcode="w:QuotaLimit")


def commands_quota(limit: int) -> WSManFault:
    """MaxConcurrentCommandsPerShell: sequential commands count until Terminate (pypsrp#148)."""
    text = f"The maximum number of concurrent commands per shell has been exceeded: {limit}. "
    return WSManFault(COMMANDS_PER_SHELL, text)


def bad_message(kind: str) -> WSManFault:
    """The client's PSRP cannot be read; `kind` is the exception's name, its text may hold a value."""
    return WSManFault(BAD_MESSAGE, f"The PSRP message cannot be read: {kind}. ", sender=True)


def stopped_error() -> PipelineStopped:
    """The error record of a stopped pipeline."""
    return PipelineStopped()


def disconnected() -> WSManFault:
    """The shell is disconnected: Reconnect or Connect first."""
    return WSManFault(SHELL_DISCONNECTED, "The Windows Remote Shell is disconnected. ")


def session_mismatch() -> WSManFault:
    """Another client's SessionId."""
    return WSManFault(SESSION_MISMATCH, "The client session id does not match that of the shell. ")


def connected_elsewhere() -> WSManFault:
    """Connect to a shell that is connected (MS-WSMV 3.1.4.17)."""
    return WSManFault(CONNECTED_ELSEWHERE, "The Windows Remote Shell is connected to a different client. ")


def unexpected() -> WSManFault:
    """A bug of the sandbox; the story is under GET /bugs."""
    return WSManFault(UNEXPECTED, "Sandbox bug: see GET /bugs of the control API. ")
