"""What a world is, said the same way whichever engine holds it: the shape that is compared field by field.

    machines: {path: machine}    clusters: {name: cluster}
    machine:  powered, computer_name, domain, passwords {account: which of world.KNOWN_PASSWORDS, else '?'},
              features {name: state; 'Available' ones are left out}, pending_reboot, hypervisor_running, cluster,
              vms {name: vm}, switches {name: switch}, nats {name: prefix}, disks {path: disk},
              network {addresses, gateway, dns, dns_suffix, hosts, private, token_filter_policy},
              seed_left, firewall (groups), calls {call id: {name, status, fence}}, fences {scope: highest}
    vm:       owner, state, generation, version, processor_count, memory_mib, dynamic_memory, exposed,
              automatic_checkpoints, start_action, adapters [{name, switch, spoofing}], disks (paths), checkpoints
    switch:   kind, owner, address ('a.b.c.d/len' or '')
    disk:     kind, size_gib, parent, owner, seeded, read_only, mounted
    cluster:  access_point, address, nodes (paths), stopped and paused (some of them), witness, storage, pool

A second thing of one name is called 'name (2)'. Paths of disks are in small letters. Both halves give `names` too: what
their ids stand for ({guid: '<vm nest-1>'}), so that ids in outputs can be compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any


def owner_of(notes: str) -> str:
    """The lab in a VM's or switch's notes; '' when there is none."""
    try:
        return str(json.loads(notes)["matryoshka"]["owner"])
    except (ValueError, KeyError, TypeError):
        return ""


def by_name(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Things by name; equal names are numbered in the order of what they are, so that both engines number alike."""
    made: dict[str, Any] = {}
    for name, item in sorted(items, key=lambda pair: (pair[0].lower(), json.dumps(pair[1], sort_keys=True))):
        number, key = 1, name
        while key in made:
            number += 1
            key = f"{name} ({number})"
        made[key] = item
    return made


def without_available(features: Mapping[str, str]) -> dict[str, str]:
    """Features that are not simply available."""
    return {name: state for name, state in sorted(features.items()) if state != "Available"}
