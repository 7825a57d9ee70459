"""Rules about a host: one function a rule, each over the host's report. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from service.ledger.nesting import judging, releases
from service.ledger.nesting.judging import Report, dotted, error, info, is_preview, needed_version, os_build, warning
from service.ledger.plan import Finding


def _host_build(report: Report) -> Iterator[Finding]:
    build = os_build(report)
    if not build:
        yield warning(
            "HOST_BUILD_UNKNOWN", "The report has no OS build.", "Inspect the host again.", judging.RUN_NESTED
        )
    elif build < releases.FIRST_NESTING_BUILD:
        yield error(
            "HOST_BUILD_TOO_OLD",
            f"Build {build} cannot nest: both hypervisors must be build 10565 or later.",
            "Use Windows Server 2016 or later.",
            judging.PREVIEW_PAGE,
        )
    elif build < releases.FIRST_RELEASE_BUILD:
        release = releases.release_of(build)
        yield warning(
            "HOST_PREVIEW",
            f"{release.name if release else f'Build {build}'} is a preview; nesting is a preview there too.",
            "Use Windows Server 2016 or later for anything that should last.",
            judging.PREVIEW_PAGE,
        )


def _host_cpu(report: Report) -> Iterator[Finding]:
    vendor, build = report.get("cpu_vendor"), os_build(report)
    if not vendor:
        yield warning(
            "HOST_CPU_UNKNOWN", "The report has no CPU vendor.", "Inspect the host again.", judging.RUN_NESTED
        )
    elif vendor not in {releases.INTEL, releases.AMD}:
        yield error(
            "HOST_CPU_UNSUPPORTED",
            f"CPUs of {vendor} cannot nest; Intel (VT-x with EPT) and AMD (EPYC, Ryzen) can.",
            "Use an Intel or AMD host.",
            judging.RUN_NESTED,
        )
    elif vendor == releases.AMD and 0 < build < releases.FIRST_AMD_BUILD:
        yield _old_amd(build)


def _old_amd(build: int) -> Finding:
    remedy = "Use Windows Server 2022 (20348) or Windows 11 or later on AMD."
    if build >= releases.AMD_PREVIEWS_BEGIN:
        reason = f"Whether build {build} nests on AMD is not documented; previews of 2020 did."
        return warning("HOST_AMD_UNCERTAIN", reason, remedy, "observed: jamesstringer90/Easy-GPU-PV#7")
    reason = f"Build {build} nests on Intel only; on AMD a VM with exposed extensions is refused at its start."
    return error(
        "HOST_CPU_UNSUPPORTED", reason, remedy, f"{judging.RUN_NESTED}; observed: Varying-Vagrant-Vagrants/VVV#2534"
    )


def _host_version(report: Report) -> Iterator[Finding]:
    needed = needed_version(report)
    newest = max(filter(None, map(releases.parse_version, report.get("supported_vm_versions") or ())), default=None)
    if needed is None:
        if is_preview(report):
            yield info(
                "VM_VERSION_UNCERTAIN",
                "Which VM version this preview needs is not documented.",
                "None; the VM gets the host's default.",
                judging.PREVIEW_PAGE,
            )
    elif newest is not None and newest < needed:
        yield error(
            "VM_VERSION_TOO_LOW",
            f"The host runs VM versions up to {dotted(newest)}; nesting needs {dotted(needed)}.",
            "Update the host.",
            judging.VERSION_TABLE,
        )


def _host_role(report: Report) -> Iterator[Finding]:
    if report.get("hyper_v_installed") is False:
        yield error(
            "HYPERV_MISSING",
            "The Hyper-V role is not installed.",
            "Install-WindowsFeature Hyper-V -IncludeManagementTools, then restart.",
            judging.RUN_NESTED,
        )
    elif report.get("hypervisor_present") is False:
        yield error(
            "HYPERVISOR_NOT_RUNNING",
            "The Hyper-V role is installed, but no hypervisor runs.",
            "Restart the host; check that virtualization is on in its firmware and hypervisorlaunchtype is Auto.",
            judging.STATUS_SCRIPT,
        )


def _host_switched_off(report: Report) -> Iterator[Finding]:
    if report.get("nested_virt_offered") is False:
        yield error(
            "NESTING_SWITCHED_OFF",
            "The host's boot configuration says OFFERNESTEDVIRT=FALSE.",
            "Remove it from hypervisorloadoptions (bcdedit), then restart the host.",
            judging.STATUS_SCRIPT,
        )


def _host_vbs(report: Report) -> Iterator[Finding]:
    if not report.get("vbs_running"):
        return
    build = os_build(report)
    if is_preview(report):
        yield error(
            "HOST_VBS",
            "A host that runs virtualization-based security cannot expose extensions before build 14361.",
            "Turn VBS and Device Guard off on the host.",
            judging.PREVIEW_PAGE,
        )
    elif build == releases.STRICT_PREVIEWS_END:
        yield warning(
            "HOST_VBS",
            "Build 14361 refuses to expose extensions unless the VM opts out of virtualization-based security.",
            "Set-VMSecurity -VirtualizationBasedSecurityOptOut $true.",
            f"{judging.NOTES_14361}; observed: MicrosoftDocs/Virtualization-Documentation#308",
        )
    elif build < releases.FIRST_AMD_BUILD:
        yield warning(
            "HOST_VBS",
            "The host runs virtualization-based security; Microsoft's pages disagree whether it can nest then.",
            "If nested VMs do not start, turn VBS off on the host.",
            judging.CONTRADICTION,
        )


def _host_depth(report: Report) -> Iterator[Finding]:
    if report.get("is_virtual_machine"):
        yield warning(
            "HOST_IS_VM",
            "The host is itself a VM: its nodes' VMs run at a third level. One level of nesting is what is supported.",
            "Use a physical host, or expect it to be slow and unsupported.",
            judging.WHAT_IS_NESTED,
        )


def _host_rights(report: Report) -> Iterator[Finding]:
    if report.get("is_administrator") is not False:
        return
    if report.get("is_hyper_v_administrator"):
        yield warning(
            "NAT_NEEDS_ADMINISTRATOR",
            "The account is a Hyper-V administrator only; NAT networks need a local administrator.",
            "Use an existing switch, or add the account to Administrators.",
            "observed: windsorcli/terraform-provider-hyperv README",
        )
    else:
        yield error(
            "ACCESS_DENIED",
            "The account is neither an administrator nor a Hyper-V administrator of the host.",
            "Add it to Hyper-V Administrators (and Administrators for NAT).",
            "observed: windsorcli/terraform-provider-hyperv README",
        )


def _host_migration(report: Report) -> Iterator[Finding]:
    if is_preview(report):
        yield warning(
            "PREVIEW_LIMITS",
            "On this preview live migration, saving, and applying a checkpoint fail for a node that hosts VMs.",
            "Shut the node down instead.",
            judging.PREVIEW_PAGE,
        )
    elif os_build(report):
        yield info(
            "LIVE_MIGRATION_NOT_PROMISED",
            "Live migration of a node is no longer listed as failing, but it is not promised either.",
            "Move nodes while they are off.",
            f"{judging.RUN_NESTED} (by what it no longer lists)",
        )


HOST_RULES: tuple[Callable[[Report], Iterator[Finding]], ...] = (
    _host_build,
    _host_cpu,
    _host_version,
    _host_role,
    _host_switched_off,
    _host_vbs,
    _host_depth,
    _host_rights,
    _host_migration,
)
