"""A foreign machine: simulated Windows hosts, their VMs and what runs in these (docs/functions.md, docs/sources.md)."""

from sandbox.machine.api import Command, Credential, Host, Runspace, SecretText, Streams
from sandbox.machine.clock import Clock
from sandbox.machine.config import BootTimes, DomainConfig, Faults, ImageConfig, WorldConfig
from sandbox.machine.errors import MachineLost, PipelineStopped, PsError
from sandbox.machine.existing import ExistingVm
from sandbox.machine.world import SimulatedHost, World

__all__ = [
    "BootTimes",
    "Clock",
    "Command",
    "Credential",
    "DomainConfig",
    "ExistingVm",
    "Faults",
    "Host",
    "ImageConfig",
    "MachineLost",
    "PipelineStopped",
    "PsError",
    "Runspace",
    "SecretText",
    "SimulatedHost",
    "Streams",
    "World",
    "WorldConfig",
]
