"""The last four checks of a host: credential, endpoint, rights, role. They come after its TLS was seen to be good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from service.ledger.nesting import findings_for_host
from service.ledger.plan import Finding, Severity
from workers.errors import (
    AccessDenied,
    HostBusy,
    HostMisconfigured,
    HostUnreachable,
    HostUntrusted,
    OutcomeUnknown,
    ProtocolBroken,
    RemoteError,
    SecretUnavailable,
    SessionLost,
    WorkerError,
)
from workers.psrp.way import Offered, Place, Shipped, WayPort
from workers.steps.base import Applied, ReadOnly, StepContext
from workers.steps.cures import CURES
from workers.steps.found import Found, Warned, told
from workers.steps.reasons import explain

# What an auth of a host's record needs offered, and where WinRM switches it on.
_SCHEMES: Mapping[str, tuple[frozenset[str], str]] = {
    "negotiate": (frozenset({"negotiate"}), "Negotiate"),
    "ntlm": (frozenset({"negotiate"}), "Negotiate"),
    "kerberos": (frozenset({"kerberos", "negotiate"}), "Kerberos"),
    "credssp": (frozenset({"credssp"}), "CredSSP"),
    "basic": (frozenset({"basic"}), "Basic"),
}
_NOT_WSMAN = frozenset({404, 405, 301, 302, 307, 308})
_BUSY = frozenset({425, 429, 503})
_LOST = (HostUnreachable, HostUntrusted, OutcomeUnknown, SessionLost, ProtocolBroken)
_NAT_ONLY = "NAT_NEEDS_ADMINISTRATOR"
_RIGHTS = frozenset({"ACCESS_DENIED", _NAT_ONLY})


class CheckLogon(ReadOnly):
    """WinRM offers the scheme of the host's record, and takes its credential. One logon, whatever comes of it."""

    action: ClassVar[str] = "CheckLogon"

    def apply(self, ctx: StepContext) -> Applied:
        """Record what is offered; raises StepRefused when the credential is not taken."""
        way = ctx.host.way()
        offered = way.ask()
        place = way.place
        seen: dict[str, Any] = {
            "status": offered.status,
            "offered": list(offered.schemes),
            "server": offered.server,
            "auth": place.auth,
            "account": place.username,
        }
        code = _offer_code(place, offered)
        if code:
            return told(ctx, "authentication", _not_offered(seen, code, place, offered), place)
        return told(ctx, "authentication", _logged_on(way, seen), place)


class CheckEndpoint(ReadOnly):
    """The session configuration opens, and the module's functions can be called there."""

    action: ClassVar[str] = "CheckEndpoint"

    def apply(self, ctx: StepContext) -> Applied:
        """Record the module; raises StepRefused when the shell does not open or lacks functions."""
        way = ctx.host.way()
        place = way.place
        seen: dict[str, Any] = {"configuration": place.configuration_name or "Microsoft.PowerShell"}
        try:
            way.open_shell()
        except WorkerError as error:
            return told(ctx, "endpoint", _not_opened(seen, error), place)
        try:
            info = ctx.host.call("Get-NestedModuleInfo")
            visible = way.visible_functions()
        except WorkerError as error:
            return told(ctx, "endpoint", _no_module(seen, error, place), place)
        return told(ctx, "endpoint", _module(seen, info, visible, way.shipped()), place)


class CheckRights(ReadOnly):
    """The account that the session runs as may manage Hyper-V."""

    action: ClassVar[str] = "CheckRights"

    def apply(self, ctx: StepContext) -> Applied:
        """Record the groups; raises StepRefused without one that is enough."""
        place = ctx.host.way().place
        report = _asked(ctx, "Get-NestedHostReport")
        if isinstance(report, Found):
            return told(ctx, "rights", report, place)
        names = ("computer_name", "is_administrator", "is_hyper_v_administrator")
        seen = {**{name: report.get(name) for name in names}, "account": place.username}
        findings = {one.code: one for one in findings_for_host(report) if one.code in _RIGHTS}
        code = "RIGHTS_MISSING" if "ACCESS_DENIED" in findings else ""
        warnings = tuple(_warned(one) for one in findings.values() if one.code == _NAT_ONLY)
        return told(ctx, "rights", Found(seen, code, warnings=warnings), place)


class CheckRole(ReadOnly):
    """Hyper-V is installed and runs, and what the host is can nest."""

    action: ClassVar[str] = "CheckRole"

    def apply(self, ctx: StepContext) -> Applied:
        """Record what the host is; raises StepRefused with the first thing that forbids nesting on it."""
        place = ctx.host.way().place
        report = _asked(ctx, "Get-NestedHostReport")
        if isinstance(report, Found):
            return told(ctx, "role", report, place)
        proof = _asked(ctx, "Get-NestedHypervisorProof")
        if isinstance(proof, Found):
            return told(ctx, "role", proof, place)
        return told(ctx, "role", _role(report, proof), place)


def _offer_code(place: Place, offered: Offered) -> str:
    if not offered.status:
        return "NO_HTTP_ANSWER"
    if offered.status in _NOT_WSMAN:
        return "WSMAN_MISSING"
    if offered.status in _BUSY:
        return "WINRM_UNAVAILABLE"
    wanted = _SCHEMES.get(place.auth)  # a certificate is asked for in the handshake, not here
    known = {scheme.lower() for scheme in offered.schemes}
    return "AUTH_NOT_OFFERED" if wanted and known and not wanted[0] & known else ""


def _not_offered(seen: Mapping[str, Any], code: str, place: Place, offered: Offered) -> Found:
    details = {
        "NO_HTTP_ANSWER": f"No HTTP answer came: {offered.reason}.",
        "WSMAN_MISSING": f"HTTP {offered.status} at /wsman: no WinRM there.",
        "WINRM_UNAVAILABLE": f"WinRM answers HTTP {offered.status}.",
        "AUTH_NOT_OFFERED": f"{place.auth} is asked for; {', '.join(offered.schemes)} is offered.",
    }
    setting = _SCHEMES[place.auth][1] if place.auth in _SCHEMES else ""
    return Found(seen, code, details[code], {"setting": setting})


def _logged_on(way: WayPort, seen: Mapping[str, Any]) -> Found:
    try:
        way.log_on()
    except WorkerError as error:
        return _with_fault(seen, _logon_code(error), error)
    return Found(seen)


def _logon_code(error: WorkerError) -> str:
    if isinstance(error, SecretUnavailable):
        return "SECRET_UNREADABLE"
    if isinstance(error, AccessDenied):
        return "SECURITY_CONTEXT_FAILED" if error.about == "context" else "CREDENTIAL_REFUSED"
    if isinstance(error, HostMisconfigured):
        return "WORKER_LACKS_PACKAGE" if error.about == "package" else "WSMAN_MISSING"
    if isinstance(error, HostBusy):
        return "WINRM_UNAVAILABLE"
    return _unless_ours(error, "LOGON_BROKEN_OFF")


def _not_opened(seen: Mapping[str, Any], error: WorkerError) -> Found:
    kinds: tuple[tuple[type[WorkerError], str], ...] = (
        (AccessDenied, "ENDPOINT_DENIED"),
        (HostBusy, "ENDPOINT_QUOTA"),
        (HostMisconfigured, "ENDPOINT_MISSING"),
    )
    code = next((code for kind, code in kinds if isinstance(error, kind)), "")
    return _with_fault(seen, code or _unless_ours(error, "ENDPOINT_FAILED"), error)


def _no_module(seen: Mapping[str, Any], error: WorkerError, place: Place) -> Found:
    if isinstance(error, HostMisconfigured):
        return _with_fault(seen, "MODULE_MISSING" if place.configuration_name else "MODULE_REFUSED", error)
    if isinstance(error, RemoteError):
        return _with_fault(seen, "MODULE_REFUSED", error)
    return _with_fault(seen, _unless_ours(error, "HOST_LOST"), error)


def _module(
    seen: Mapping[str, Any], info: Mapping[str, Any], visible: frozenset[str] | None, shipped: Shipped
) -> Found:
    module = {name: info.get(name) for name in ("version", "sha256", "ps_version", "preinstalled", "computer_name")}
    missing = sorted(shipped.functions - visible) if visible is not None else []
    count = None if visible is None else len(visible)
    seen = {**seen, "module": module, "shipped_version": shipped.version, "functions": count, "missing": missing}
    if missing:
        return Found(seen, "FUNCTIONS_MISSING", f"{len(missing)} are missing: {', '.join(missing[:10])}.")
    return Found(seen, warnings=_differs(module, shipped))


def _differs(module: Mapping[str, Any], shipped: Shipped) -> tuple[Warned, ...]:
    if str(module.get("sha256") or "").lower() in ("", shipped.sha256):
        return ()
    detail = f"The host has version {module.get('version')} of the module, not this release's {shipped.version}."
    remedy = "Run deploy/windows/Install-Matryoshka.ps1 -Endpoint of this release on the host."
    return (Warned("MODULE_DIFFERS", detail, remedy),)


def _asked(ctx: StepContext, function: str) -> dict[str, Any] | Found:
    """Return what a function of the host answers, or how that failed."""
    try:
        return ctx.host.read(function)
    except RemoteError as error:
        return Found({"function": function, "error_id": error.error_id, "reason": explain(error).code}, "REPORT_FAILED")
    except _LOST as error:
        return _with_fault({"function": function}, "HOST_LOST", error)


def _role(report: Mapping[str, Any], proof: Mapping[str, Any]) -> Found:
    findings = [one for one in findings_for_host(report) if one.code not in _RIGHTS]
    names = ("os_caption", "os_build", "cpu_vendor", "cpu_name", "hyper_v_installed", "hypervisor_present")
    shown = ("vmms_running", "vm_host_answers", "hypervisor_launched", "failure_event_id", "pending_reboot")
    seen = {**{name: report.get(name) for name in names}, **{name: proof.get(name) for name in shown}}
    warnings = [_warned(one) for one in findings if one.severity is Severity.WARNING]
    if proof.get("pending_reboot"):
        warnings.append(Warned("REBOOT_PENDING", "The host waits for a restart.", "Restart it when no job uses it."))
    code, detail = _role_code(report, proof, findings)
    return Found(seen, code, detail, warnings=tuple(warnings))


def _role_code(report: Mapping[str, Any], proof: Mapping[str, Any], findings: list[Finding]) -> tuple[str, str]:
    if report.get("hyper_v_installed") is False:
        return "HYPERV_MISSING", ""
    if proof.get("vmms_running") is False:
        return "VMMS_STOPPED", ""
    for one in findings:
        if one.severity is Severity.ERROR:
            return (one.code if one.code in CURES else "REPORT_FAILED"), one.reason
    if proof.get("vm_host_answers") is False:
        return "HYPERV_NO_ANSWER", ""
    return "", ""


def _warned(finding: Finding) -> Warned:
    return Warned(finding.code, finding.reason, finding.remedy)


def _with_fault(seen: Mapping[str, Any], code: str, error: WorkerError) -> Found:
    more: dict[str, Any] = {"error": error.code, "fault": error.fault or None}
    if isinstance(error, RemoteError):
        more["error_id"] = error.error_id
    return Found({**seen, **more}, code, f"{CURES[code].why} ({error})")


def _unless_ours(error: WorkerError, code: str) -> str:
    """Return the code of an error of the host; one of this worker (its lease, its drain) is raised as it is."""
    if isinstance(error, (*_LOST, RemoteError)):
        return code
    raise error
