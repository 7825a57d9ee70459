"""The command line of `python -m sandbox`."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.accounts import Account
from sandbox.faults import Fault
from sandbox.options import OptionsError, parse_options

ENVIRON = {"SANDBOX_PASSWORD": "secret", "BOB": "bobs"}


def test_the_contract_is_understood() -> None:
    """Every option of the contract is read into its field."""
    line = (
        "--port 5 --control-port 6 --scheme http --username Admin --password-env SANDBOX_PASSWORD --os 17763 --cpu amd "
        "--memory-gib 64 --disk-gib 512 --clock 100 --state s.json --image C:\\a.vhdx --image C:\\b.vhdx --ca-dir ca "
        "--preinstalled --hosts 3 --fault drop,count=2 --fault reboot,function=New-NestedNode"
    )
    options = parse_options(line.split(), ENVIRON)

    assert (5, 6, "http", "Admin", 17763, "amd", 64, 512, 100.0, 3) == (
        *(options.port, options.control_port, options.scheme, options.username, options.os_build, options.cpu),
        *(options.memory_gib, options.disk_gib, options.clock, options.hosts),
    )
    assert (Path("s.json"), Path("ca"), ("C:\\a.vhdx", "C:\\b.vhdx"), True) == (
        *(options.state, options.ca_dir, options.images),
        options.preinstalled,
    )
    assert (Fault("drop", count=2), Fault("reboot", function="New-NestedNode")) == options.faults


def test_further_accounts_have_roles() -> None:
    """Accounts take their passwords from the environment and do not show them."""
    options = parse_options(["--account", "bob=BOB:operator"], ENVIRON)

    assert (Account("Administrator", "secret"), Account("bob", "bobs", "operator")) == options.accounts
    assert "bobs" not in repr(options)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--password-env", "MISSING"],
        ["--account", "bob"],
        ["--account", "bob=BOB:king"],
        ["--fault", "nonsense"],
        ["--auth", "kerberos"],
        ["--auth", ""],
    ],
)
def test_nonsense_is_refused_with_the_option(arguments: list[str]) -> None:
    """What cannot be understood names itself."""
    with pytest.raises(OptionsError):
        parse_options(arguments, ENVIRON)
