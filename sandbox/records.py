"""Error records as Windows shapes them: exception with HResult, category, target and FullyQualifiedErrorId."""

from __future__ import annotations

from psrpcore import types as ps

from sandbox.machine import PsError

_BASES = {
    "System.Management.Automation.PipelineStoppedException": ["System.Management.Automation.RuntimeException"],
    "System.Management.Automation.CommandNotFoundException": ["System.Management.Automation.RuntimeException"],
    "System.Management.Automation.RemoteException": ["System.Management.Automation.RuntimeException"],
    "System.Management.Automation.ParameterBindingException": ["System.Management.Automation.RuntimeException"],
    "System.Management.Automation.ParameterBindingValidationException": [
        "System.Management.Automation.ParameterBindingException",
        "System.Management.Automation.RuntimeException",
    ],
    "System.Management.Automation.ParameterBindingArgumentTransformationException": [
        "System.Management.Automation.ParameterBindingException",
        "System.Management.Automation.RuntimeException",
    ],
}
_ROOTS = ["System.SystemException", "System.Exception", "System.Object"]


def error_record(error: PsError, activity: str) -> ps.ErrorRecord:
    """The record of an error; `activity` is the command that raised it ('' = none).

    The HResult is a property of the exception, so a client may read it (Windows serializes it too).
    """
    exception = ps.NETException(Message=error.message, HResult=error.hresult)
    bases = [name for name in (*_BASES.get(error.exception_type, []), *_ROOTS) if name != error.exception_type]
    exception.PSObject.type_names = [error.exception_type, *bases]
    info = ps.ErrorCategoryInfo(
        Category=_category(error.category),
        Activity=activity or None,
        Reason=error.exception_type.rpartition(".")[2],
        TargetName=error.target or None,
        TargetType="String" if error.target else None,
    )
    return ps.ErrorRecord(
        Exception=exception,
        CategoryInfo=info,
        TargetObject=ps.PSString(error.target) if error.target else None,
        FullyQualifiedErrorId=error.fqid,
    )


def _category(name: str) -> ps.ErrorCategory:
    return ps.ErrorCategory[name] if name in ps.ErrorCategory.__members__ else ps.ErrorCategory.NotSpecified
