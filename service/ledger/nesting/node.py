"""Rules about one node on a host: one function a rule, over the host's report and the node's settings. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from service.ledger.nesting import judging, releases
from service.ledger.nesting.judging import Report, dotted, error, info, is_preview, needed_version, os_build, warning
from service.ledger.plan import Finding

SMALLEST_NODE_MIB = 4096
_MOST_OLD_GUEST_PROCESSORS = 225
_LAST_OLD_GUEST_BUILD = 17763


def _node_memory(_report: Report, settings: Mapping[str, Any]) -> Iterator[Finding]:
    memory = settings.get("memory_mib") or SMALLEST_NODE_MIB
    if memory >= SMALLEST_NODE_MIB:
        return
    make = warning if settings.get("allow_small_memory") else error
    yield make(
        "MEMORY_TOO_SMALL",
        f"{memory} MiB: a VM that runs Hyper-V needs 4096 MiB, or its own VMs may not start.",
        "Give 4096 MiB or more.",
        judging.RUN_NESTED,
        "memory_mib",
    )


def _node_processors(_report: Report, settings: Mapping[str, Any]) -> Iterator[Finding]:
    count, build = settings.get("processor_count") or 0, settings.get("guest_build") or 0
    if count > _MOST_OLD_GUEST_PROCESSORS and 0 < build <= _LAST_OLD_GUEST_BUILD:
        yield warning(
            "TOO_MANY_PROCESSORS",
            f"{count} processors: a node with Windows Server 2019 or earlier should have 225 or fewer.",
            "Give fewer processors, or use a newer image.",
            judging.RUN_NESTED,
            "processor_count",
        )
    if count == 1:
        yield info(
            "ONE_PROCESSOR",
            "A node with one processor shares it with all its VMs.",
            "Give two or more.",
            "observed: labs in the field use two and more",
            "processor_count",
        )


def _node_guest_build(_report: Report, settings: Mapping[str, Any]) -> Iterator[Finding]:
    build = settings.get("guest_build") or 0
    if 0 < build < releases.FIRST_NESTING_BUILD:
        yield error(
            "GUEST_BUILD_TOO_OLD",
            f"Build {build} cannot be a nested Hyper-V host: both hypervisors must be build 10565 or later.",
            "Use an image of Windows Server 2016 or later.",
            judging.PREVIEW_PAGE,
            "image",
        )
    elif 0 < build < releases.FIRST_RELEASE_BUILD:
        yield warning(
            "GUEST_PREVIEW",
            f"Build {build} is a preview; from 2016 to 2021 Microsoft asked for a released guest.",
            "Use an image of Windows Server 2016 or later.",
            judging.RUN_NESTED,
            "image",
        )


def _node_version(report: Report, settings: Mapping[str, Any]) -> Iterator[Finding]:
    needed = needed_version(report)
    version = releases.parse_version(settings.get("vm_version") or report.get("default_vm_version"))
    if needed is None or version is None:
        return
    if version < needed:
        make = error if settings.get("vm_version") else warning  # a host's default may change until the build
        yield make(
            "VM_VERSION_TOO_LOW",
            f"VM version {dotted(version)} cannot nest here; {dotted(needed)} can.",
            "Update-VMVersion on the VM while it is off, or change the host's default.",
            judging.VERSION_TABLE,
        )
    elif needed == releases.AMD_VERSION and version < releases.AMD_VERSION_ONCE_PUBLISHED:
        yield info(
            "VM_VERSION_UNCERTAIN",
            "Microsoft published 10.0 as the least VM version on AMD until 2023-07, then 9.3.",
            "If the extensions are not exposed, update the VM to 10.0.",
            "Microsoft, Virtualization-Documentation commits e618cced and 3ccd8ce8",
        )


def _node_dynamic_memory(report: Report, settings: Mapping[str, Any]) -> Iterator[Finding]:
    if settings.get("dynamic_memory") and is_preview(report):
        yield error(
            "DYNAMIC_MEMORY",
            "On this preview a VM with dynamic memory does not start once it hosts VMs.",
            "Use static memory.",
            judging.PREVIEW_PAGE,
        )
    elif settings.get("dynamic_memory"):
        yield info(
            "DYNAMIC_MEMORY",
            "While Hyper-V runs in the VM its memory does not change, dynamic or not.",
            "Static memory is set when nesting is enabled.",
            judging.RUN_NESTED,
        )
    if os_build(report):
        yield info(
            "MEMORY_FIXED_WHILE_RUNNING",
            "A running node's memory cannot be resized.",
            "Shut the node down to change its memory.",
            judging.PREVIEW_PAGE if is_preview(report) else judging.RUN_NESTED,
            "memory_mib",
        )


def _node_checkpoints(report: Report, settings: Mapping[str, Any]) -> Iterator[Finding]:
    if settings.get("saved"):
        yield error(
            "VM_SAVED",
            "The VM is saved; its processor cannot be changed until it is off.",
            "Start it and shut it down, or remove its saved state.",
            f"{judging.NOTES_14361}; {judging.STATUS_SCRIPT}",
        )
    if not settings.get("checkpoints"):
        return
    make = warning if is_preview(report) else info
    yield make(
        "CHECKPOINTS_EXIST",
        "Checkpoints of the VM were taken before nesting was on; applying one takes nesting away again.",
        "Remove them when they are not needed.",
        judging.STATUS_SCRIPT if is_preview(report) else judging.NOTES_14361,
    )


NODE_RULES: tuple[Callable[[Report, Mapping[str, Any]], Iterator[Finding]], ...] = (
    _node_memory,
    _node_processors,
    _node_guest_build,
    _node_version,
    _node_dynamic_memory,
    _node_checkpoints,
)
