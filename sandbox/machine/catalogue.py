"""All commands of a machine, by their names in small letters."""

from __future__ import annotations

from sandbox.machine import (
    cmdlets_hyperv,
    cmdlets_windows,
    functions_accounts,
    functions_calls,
    functions_cluster,
    functions_cluster_power,
    functions_disks,
    functions_guest,
    functions_nesting,
    functions_network,
    functions_nodes,
    functions_quorum,
    functions_reports,
    functions_roles,
    functions_vms,
)
from sandbox.machine.function import Function

MODULE_FUNCTIONS: tuple[Function, ...] = (
    *functions_calls.TABLE,
    *functions_reports.TABLE,
    *functions_network.TABLE,
    *functions_disks.TABLE,
    *functions_nodes.TABLE,
    *functions_nesting.TABLE,
    *functions_guest.TABLE,
    *functions_accounts.TABLE,
    *functions_roles.TABLE,
    *functions_cluster.TABLE,
    *functions_cluster_power.TABLE,
    *functions_quorum.TABLE,
    *functions_vms.TABLE,
)
CMDLETS: tuple[Function, ...] = (*cmdlets_hyperv.TABLE, *cmdlets_windows.TABLE)
COMMANDS = {item.name.lower(): item for item in (*MODULE_FUNCTIONS, *CMDLETS)}
