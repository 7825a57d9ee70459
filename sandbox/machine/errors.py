"""What a simulated machine can answer instead of a result.

    Exception
     +-- PsError            an ErrorRecord: Windows' own FullyQualifiedErrorId, category, HRESULT
     |    +-- PipelineStopped   the client stopped the pipeline (id PipelineStopped, OperationStopped)
     +-- MachineLost        the machine went away under the call (reboot, power cut); no record is answered: the
                            connection breaks

Ids and categories: docs/sources.md H10, H12, H14. Texts are English and must not be matched by anyone.
"""

from __future__ import annotations

_SIGN_BIT = 0x80000000
_WORD = 0x100000000

E_FAIL = 0x80004005
E_OUT_OF_MEMORY = 0x8007000E
E_ACCESS_DENIED = 0x80070005
E_FILE_EXISTS = 0x80070050
E_NOT_SUPPORTED = 0x80070032
E_DISK_FULL = 0x80070070
E_IN_USE = 0x800700AA
E_SHARING = 0x80070020
E_INVALID_ARGUMENT = 0x80070057
COR_E_EXCEPTION = 0x80131500
COR_E_INVALID_OPERATION = 0x80131509
PSE_RUNTIME = 0x80131501


def signed(code: int) -> int:
    """An HRESULT as .NET shows it: a signed 32-bit number."""
    return code - _WORD if code & _SIGN_BIT else code


class PsError(Exception):
    """One ErrorRecord. `terminating` says whether it ended the command."""

    def __init__(
        self,
        fqid: str,
        category: str,
        message: str,
        *,
        exception_type: str = "System.Management.Automation.RuntimeException",
        hresult: int = PSE_RUNTIME,
        target: str = "",
        terminating: bool = True,
    ) -> None:
        super().__init__(message)
        self.fqid = fqid
        self.category = category
        self.message = message
        self.exception_type = exception_type
        self.hresult = signed(hresult)
        self.target = target
        self.terminating = terminating


class PipelineStopped(PsError):
    """The client stopped the pipeline; every wait of the machine ends with this."""

    def __init__(self) -> None:
        super().__init__(
            "PipelineStopped",
            "OperationStopped",
            "The pipeline has been stopped.",
            exception_type="System.Management.Automation.PipelineStoppedException",
        )


class MachineLost(Exception):
    """The machine that ran the call rebooted, was powered off or is not up."""

    def __init__(self, label: str) -> None:
        super().__init__(f"{label} went away")
        self.label = label


def own(word: str, function: str, category: str, message: str, *, target: str = "") -> PsError:
    """An error of the Matryoshka module itself: id `Matryoshka.<Word>,<Function>`, an InvalidOperationException."""
    return PsError(
        f"Matryoshka.{word},{function}",
        category,
        message,
        exception_type="System.InvalidOperationException",
        hresult=COR_E_INVALID_OPERATION,
        target=target,
    )
