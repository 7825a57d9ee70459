"""What can go wrong in a worker. Each class says whether trying again can help and what a caller should do.

WorkerError
├── HostUnreachable      no connection: refused, reset before anything was sent, name unknown
├── HostBusy             a quota of the host, throttling, or no session free in this process
├── LedgerAway           the ledger cannot be read now
├── HostUntrusted        TLS: unknown authority, wrong name, plain port            (fatal)
├── AccessDenied         wrong credential, or not allowed to open the endpoint     (fatal)
├── HostMisconfigured    the endpoint is not there or refuses our requests         (fatal)
├── SessionLost          the shell is gone: reboot, idle timeout, stale security context
├── OutcomeUnknown       a request was sent and its answer never came: ask before any repeat
├── ProtocolBroken       pypsrp's state or decoder does not fit the answer: a bug, the session is dropped
├── RemoteError          a function on the host or in a guest failed; carries the ErrorRecord's facts
├── StepRefused          a rule forbids the step; carries a reason code and a remedy (fatal)
├── NotConverged         applied, but reading it back shows something else
├── SecretUnavailable    a secret is missing, unreadable or not allowed (fatal), or Vault does not answer
├── StepCancelled        the job was cancelled and the remote call was told to stop
├── StepReleased         the process drains: the step goes back to the ledger as it is
├── DeadlinePassed       the step's own deadline is over                           (fatal)
└── LeaseLost            the lease is over or nearly so: no more effects, no more records
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

_RETRYABLE_CATEGORIES = frozenset({"ConnectionError", "OperationTimeout", "ResourceBusy", "ResourceUnavailable"})


class WorkerError(Exception):
    """Base of everything a step may raise. `code` is stable; the message is for people and never decides anything.

    `fault` is the WSMan fault that the error stands for, 0 for none; `about` names its kind where one class has several
    (`context`: no security context; `package`: this worker lacks one; `running`: the host said that a call still runs),
    and is empty otherwise.
    """

    code: ClassVar[str] = "WORKER_ERROR"
    retryable: bool = False
    remedy: str = ""
    fault: int = 0
    about: str = ""


class HostUnreachable(WorkerError):
    """No connection to the host could be made; nothing was sent."""

    code = "HOST_UNREACHABLE"
    retryable = True
    remedy = "Check that the host is up and that its WinRM port is open to the workers."


class HostBusy(WorkerError):
    """The host's quota or throttle, or this process's own bound of sessions, leaves no room now."""

    code = "HOST_BUSY"
    retryable = True
    remedy = "Wait, or raise the host's MaxShellsPerUser and its limits.max_sessions together."


class LedgerAway(WorkerError):
    """A record that the step needs cannot be read from the ledger now."""

    code = "LEDGER_AWAY"
    retryable = True


class HostUntrusted(WorkerError):
    """The TLS handshake failed; nothing was sent."""

    code = "HOST_UNTRUSTED"
    remedy = (
        "Give the authority that signed the host's certificate as ca_pem and use the certificate's name as address."
    )


class AccessDenied(WorkerError):
    """The host refused the credential. Not retried: repeated tries lock accounts out."""

    code = "ACCESS_DENIED"
    remedy = "Correct the host's username, password or auth, then retry the job."


class HostMisconfigured(WorkerError):
    """The address answers, but not as a WSMan endpoint that we may use."""

    code = "HOST_MISCONFIGURED"
    remedy = "Run deploy/windows on the host and check its configuration_name."


class SessionLost(WorkerError):
    """The remote shell is gone. A new session must ask the journal what became of the call."""

    code = "SESSION_LOST"
    retryable = True
    remedy = "None needed: the step is tried again and asks the host's journal."


class OutcomeUnknown(WorkerError):
    """A request left this machine and no answer came: it may or may not have been carried out."""

    code = "OUTCOME_UNKNOWN"
    retryable = True
    remedy = "None needed: the step is tried again and asks the host's journal."

    @classmethod
    def still_running(cls, call: str) -> OutcomeUnknown:
        """Return the error of a call of which the host said that it still runs: the host itself answers."""
        error = cls(f"{call} still runs on the host")
        error.about = "running"
        return error


class ProtocolBroken(WorkerError):
    """An answer that the client library could not use. The session is dropped."""

    code = "PROTOCOL_BROKEN"
    retryable = True
    remedy = "If it repeats, report it with the worker's log."


class RemoteError(WorkerError):
    """A function failed. `error_id` is the whole FullyQualifiedErrorId, `category` its ErrorCategory's name.

    `hresult` is 0 when none is known; `target` is '' when none is known. Nothing may be decided by the message: Windows
    localizes it.
    """

    code = "REMOTE_ERROR"
    remedy = "See error_id; the host's event logs have the details."

    def __init__(
        self,
        message: str,
        *,
        error_id: str = "",
        category: str = "",
        hresult: int = 0,
        target: str = "",
        type_name: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.error_id = error_id
        self.category = category
        self.hresult = hresult
        self.target = target
        self.type_name = type_name
        self.retryable = category in _RETRYABLE_CATEGORIES

    def is_id(self, *names: str) -> bool:
        """Return whether the id before its first comma is one of `names`, for instance `Matryoshka.VmNotOff`."""
        return self.error_id.split(",", 1)[0] in names


class StepRefused(WorkerError):
    """A rule or a gate forbids the step. `reason` is its stable code, for instance `CPU_FLAGS_MISSING`.

    `facts` are kept although the step failed: what it saw.
    """

    code = "STEP_REFUSED"

    def __init__(self, message: str, *, reason: str, remedy: str = "", facts: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.remedy = remedy
        self.facts: Mapping[str, Any] = facts or {}


class NotConverged(WorkerError):
    """The host took the change, but what it says now is something else."""

    code = "NOT_CONVERGED"
    retryable = True
    remedy = "Look at what else changes this object on the host."


class SecretUnavailable(WorkerError):
    """A secret that the step needs is missing, cannot be opened, or its reference is not allowed.

    `retryable` when the store of secrets could not answer now.
    """

    code = "SECRET_UNAVAILABLE"
    remedy = "Give the secret in the request, or make the reference readable to the workers."

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable


class StepCancelled(WorkerError):
    """The job is being cancelled. `unconfirmed` is True until the journal says that the remote call stopped."""

    code = "STEP_CANCELLED"

    def __init__(self, message: str = "the job was cancelled", *, unconfirmed: bool = False) -> None:
        super().__init__(message)
        self.unconfirmed = unconfirmed


class StepReleased(WorkerError):
    """This process is leaving. Another worker goes on with the step."""

    code = "STEP_RELEASED"
    retryable = True


class DeadlinePassed(WorkerError):
    """The step took longer than its deadline, over all its claims."""

    code = "DEADLINE_PASSED"
    remedy = "Look at the last progress message, then retry the job from the failed step."


class LeaseLost(WorkerError):
    """The lease is lost, or so near its end that another worker could start. Nothing may be done or recorded."""

    code = "LEASE_LOST"
