"""What the module's functions answer, as the workers read it. Fields and spelling are those of docs/functions.md."""

from __future__ import annotations

from typing import Any

from tests.unit.workers.steps.bench import NODE, OWNER, VM_ID
from workers.errors import RemoteError

GIB = 1024


def ours(word: str) -> RemoteError:
    """Return an error of our module."""
    return RemoteError("a localized text", error_id=f"Matryoshka.{word},Some-Function", category="InvalidOperation")


def node_record(**changes: Any) -> dict[str, Any]:
    """Return a node record: Off, nothing exposed."""
    return {
        "exists": True,
        "vm_id": VM_ID,
        "name": NODE,
        "owner": OWNER,
        "state": "Off",
        "generation": 2,
        "version": "10.0",
        "processor_count": 4,
        "memory_startup_mib": 8 * GIB,
        "memory_assigned_mib": 0,
        "dynamic_memory_enabled": False,
        "expose_virtualization_extensions": False,
        "automatic_checkpoints_enabled": True,
        "adapters": [adapter()],
        "disks": [r"C:\Labs\lab_1\nest-1\nest-1.vhdx"],
        "checkpoint_count": 0,
        "heartbeat": None,
        "uptime_seconds": 0,
    } | changes


def adapter(**changes: Any) -> dict[str, Any]:
    """Return one network adapter of a node record."""
    return {
        "name": "Network Adapter",
        "switch_name": "lab",
        "connected": True,
        "mac_address": "00155D010203",
        "mac_address_spoofing": "Off",
        "ip_addresses": [],
    } | changes


def nesting_node(**changes: Any) -> dict[str, Any]:
    """Return a node record with everything set that nesting needs."""
    return (
        node_record(
            expose_virtualization_extensions=True,
            automatic_checkpoints_enabled=False,
            adapters=[adapter(mac_address_spoofing="On")],
        )
        | changes
    )


def host_report(**changes: Any) -> dict[str, Any]:
    """Return the report of a roomy Intel host of Server 2022."""
    return {
        "computer_name": "HV1",
        "os_caption": "Windows Server 2022 Datacenter",
        "os_build": 20348,
        "installation_type": "Server",
        "cpu_vendor": "GenuineIntel",
        "cpu_name": "Xeon",
        "socket_count": 2,
        "logical_processor_count": 64,
        "memory_total_mib": 256 * GIB,
        "memory_free_mib": 200 * GIB,
        "hyper_v_installed": True,
        "hypervisor_present": True,
        "vbs_running": False,
        "nested_virt_offered": True,
        "is_virtual_machine": False,
        "is_administrator": True,
        "is_hyper_v_administrator": True,
        "default_vm_version": "10.0",
        "supported_vm_versions": ["8.0", "9.0", "10.0"],
        "virtual_hard_disk_path": r"C:\VHD",
        "volumes": [
            {"path": "C:\\", "file_system": "NTFS", "free_gib": 100, "size_gib": 200},
            {"path": "D:\\", "file_system": "ReFS", "free_gib": 2000, "size_gib": 4000},
        ],
        "switches": [{"name": "lab", "id": "s1", "switch_type": "External", "owner": None}],
        "vms": [],
        "max_shells_per_user": 30,
        "max_memory_per_shell_mb": 1024,
    } | changes


def probe(classification: str, **changes: Any) -> dict[str, Any]:
    """Return a probe record that reads as its classification does on real machines (docs/sources.md H6)."""
    visible = classification in ("metal", "guest_exposed")
    guest = classification.startswith("guest")
    return {
        "computer_name": NODE,
        "cpu_vendor": "GenuineIntel",
        "cpu_name": "Xeon",
        "hypervisor_present": classification != "metal",
        "vm_monitor_mode_extensions": visible,
        "second_level_address_translation": visible,
        "virtualization_firmware_enabled": visible,
        "microcode_signature": "FFFFFFFF" if guest else "000000CC",
        "guest_marker": guest,
        "hyper_v_installed": classification in ("root", "guest_root"),
        "hypervisor_launched": classification in ("root", "guest_root"),
        "classification": classification,
    } | changes


def hypervisor_proof(**changes: Any) -> dict[str, Any]:
    """Return the proof of a node whose hypervisor launched."""
    return {
        "hypervisor_launched": True,
        "launch_event_id": 1,
        "launched_at": "2026-01-01T00:00:00Z",
        "failure_event_id": None,
        "failure_reason": None,
        "vmms_running": True,
        "vm_host_answers": True,
        "pending_reboot": False,
        "boot_id": "boot-2",
    } | changes


def boot(boot_id: str, *, pending: bool = False) -> dict[str, Any]:
    """Return a boot identity."""
    reasons = ["ComponentBasedServicing"] if pending else []
    return {
        "boot_id": boot_id,
        "booted_at": "2026-01-01T00:00:00Z",
        "uptime_seconds": 60,
        "pending_reboot": pending,
        "pending_reasons": reasons,
    }


def awaited(boot_id: str = "boot-1", *, reached: bool = True, pending: bool = False, stage: str = "") -> dict[str, Any]:
    """Return an answer of Wait-NestedGuest."""
    return {
        "reached": reached,
        "stage": stage or ("setup_complete" if reached else "session"),
        "image_state": "IMAGE_STATE_COMPLETE" if reached else None,
        "boot_id": boot_id,
        "pending_reboot": pending,
    }


def cluster_record(*names: str, **changes: Any) -> dict[str, Any]:
    """Return the record of a cluster `lab-cl` whose nodes are all Up; without names there is none."""
    exists = bool(names)
    return {
        "exists": exists,
        "name": "lab-cl" if exists else None,
        "address": "10.0.0.10" if exists else None,
        "administrative_access_point": "Dns" if exists else None,
        "nodes": [{"name": name, "state": "Up"} for name in names],
        "quorum_type": "Majority" if exists else None,
        "witness_resource": None,
        "storage_spaces_direct": False,
        "clus_svc_status": "Running" if exists else "Stopped",
    } | changes


def guest_record(**changes: Any) -> dict[str, Any]:
    """Return the configuration of a guest that was set up with 10.0.0.11."""
    return {
        "computer_name": NODE,
        "part_of_domain": False,
        "domain": "WORKGROUP",
        "dns_suffix": "lab.internal",
        "addresses": ["10.0.0.11/24"],
        "gateway": "10.0.0.1",
        "dns_servers": ["10.0.0.1"],
        "network_category": "Private",
        "local_account_token_filter_policy": 1,
        "seed_removed": True,
        "host_entries": {"nest-2": "10.0.0.12"},
    } | changes
