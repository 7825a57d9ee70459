"""Failover clusters of guests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from sandbox.machine import Credential, PsError, SecretText
from tests.unit.sandbox.machine.lab import CONFIG, Lab

CLUSTER = "Microsoft.FailoverClusters.PowerShell."
MAKE = {"Name": "c1", "StaticAddress": "10.0.0.50", "AdministrativeAccessPoint": "Dns"}


def make(lab: Lab, node: str, *names: str, **more: Any) -> dict[str, Any]:
    """Make the cluster c1."""
    return dict(lab.guest(node, "New-NestedCluster", Node=list(names or ("nest-1",)), **{**MAKE, **more}))


def refusal(lab: Lab, node: str, name: str, **parameters: Any) -> tuple[str, str]:
    """Id and category of the error that a guest call ends with."""
    with pytest.raises(PsError) as caught:
        lab.guest(node, name, **parameters)
    return caught.value.fqid, caught.value.category


def states(record: dict[str, Any]) -> dict[str, str]:
    """Node states by name."""
    return {item["Name"]: item["State"] for item in record["Nodes"]}


def test_a_cluster_is_made_joined_and_removed_once() -> None:
    """Create, join one by one, repeat without a change, remove, repeat."""
    lab = Lab()
    first, _, _ = lab.nodes(3)

    assert lab.guest(first, "Get-NestedCluster")["Exists"] is False
    assert make(lab, first)["Changed"] is True
    assert make(lab, first)["Changed"] is False
    for name in ("nest-2", "nest-3"):
        assert lab.guest(first, "Add-NestedClusterNode", Name=name)["Changed"] is True
        assert lab.guest(first, "Add-NestedClusterNode", Name=name)["Changed"] is False
    assert states(lab.guest(first, "Get-NestedCluster")) == {"nest-1": "Up", "nest-2": "Up", "nest-3": "Up"}
    assert lab.guest(first, "Remove-NestedCluster", Name="c1") == {"Changed": True, "Existed": True}
    assert lab.guest(first, "Remove-NestedCluster", Name="c1") == {"Changed": False, "Existed": False}
    assert (lab.count("cluster_created"), lab.count("node_joined")) == (1, 3)


def test_validation_warns_about_a_single_adapter() -> None:
    """One NIC is a warning, no failure; a failing test fails."""
    lab = Lab()
    first, _ = lab.nodes(2)
    test = {"Node": ["nest-1", "nest-2"], "ReportName": "r", "Include": ["Network", "Inventory"]}
    good = lab.guest(first, "Test-NestedCluster", **test)
    lab.world.set_faults(failing_test="List Services Information")
    bad = lab.guest(first, "Test-NestedCluster", **test)

    assert (good["Succeeded"], good["WarningCount"], good["FailedCount"]) == (True, 1, 0)
    assert {row["Category"] for row in good["Results"]} == {"Network", "Inventory"}
    assert (bad["Succeeded"], bad["FailedCount"]) == (False, 1)


def test_without_the_feature_there_is_no_such_command() -> None:
    """Before Failover-Clustering is installed the cmdlets do not exist."""
    lab = Lab()
    node = lab.running()

    assert refusal(lab, node, "New-NestedCluster", Node=["nest-1"], **MAKE)[0] == "CommandNotFoundException"


def test_names_and_addresses_must_be_free() -> None:
    """A name or address in use, or on no network of the nodes, ends New-Cluster; afterwards a free one works."""
    config = replace(CONFIG, cluster_names_in_use=("taken",), addresses_in_use=("10.0.0.99",))
    lab = Lab(config)
    first, _ = lab.nodes(2)
    common = (f"New-Cluster,{CLUSTER}NewClusterCommand", "NotSpecified")

    for change in (
        {"Name": "taken"},
        {"Name": "nest-2"},
        {"StaticAddress": "10.0.0.99"},
        {"StaticAddress": "10.0.0.2"},
        {"StaticAddress": "10.9.0.2"},
    ):
        assert refusal(lab, first, "New-NestedCluster", Node=["nest-1"], **{**MAKE, **change}) == common
    too_long = {**MAKE, "Name": "a" * 16}
    assert refusal(lab, first, "New-NestedCluster", Node=["nest-1"], **too_long) == (
        "ParameterArgumentValidationError,New-NestedCluster",
        "InvalidData",
    )
    assert make(lab, first)["Changed"] is True
    assert refusal(lab, first, "New-NestedCluster", Node=["nest-1"], **{**MAKE, "Name": "c2"}) == (
        "Matryoshka.NodeAlreadyClustered,New-NestedCluster",
        "ResourceExists",
    )


def test_an_access_point_in_a_directory_needs_a_domain() -> None:
    """A workgroup node cannot make a name in Active Directory."""
    lab = Lab()
    (first,) = lab.nodes(1)
    wanted = {**MAKE, "AdministrativeAccessPoint": "ActiveDirectoryAndDns"}

    assert refusal(lab, first, "New-NestedCluster", Node=["nest-1"], **wanted)[1] == "NotSpecified"


def test_a_node_that_is_down_or_closed_cannot_join() -> None:
    """A node without power is not reachable; one without firewall rules shows as a registry failure."""
    lab = Lab()
    first, second, third = lab.nodes(3)
    make(lab, first)
    lab.run("Stop-NestedNode", VMId=UUID(second), TurnOff=True)
    lab.system(third).firewall_groups.clear()

    assert refusal(lab, first, "Add-NestedClusterNode", Name="nest-2") == (
        f"ClusterNodeNotReachable,{CLUSTER}AddClusterNodeCommand",
        "ConnectionError",
    )
    assert refusal(lab, first, "Add-NestedClusterNode", Name="nest-3") == (
        f"Add-ClusterNode,{CLUSTER}AddClusterNodeCommand",
        "NotSpecified",
    )


def test_administrators_must_be_the_same_and_unfiltered() -> None:
    """Another password on the node, or a filtered account there, is refused as missing administrative privileges."""
    image = replace(CONFIG.images[0], accounts=(("op", "op-pass"),))
    lab = Lab(replace(CONFIG, images=(image,)))
    first, _ = lab.nodes(2)
    operator = Credential("op", SecretText("op-pass"))
    make(lab, first)
    second = lab.system(lab.run("Get-NestedNode", Name="nest-2", Owner="lab_a")["VMId"])
    right = second.accounts["administrator"]

    second.accounts["administrator"] = "other"
    assert refusal(lab, first, "Add-NestedClusterNode", Name="nest-2")[1] == "NotSpecified"
    second.accounts["administrator"], second.token_filter_policy = right, False
    assert refusal(lab, first, "Add-NestedClusterNode", Name="nest-2", credential=operator)[1] == "NotSpecified"
    second.token_filter_policy = True
    joined = lab.guest(first, "Add-NestedClusterNode", credential=operator, Name="nest-2")
    assert states(joined) == {"nest-1": "Up", "nest-2": "Up"}


def test_a_node_that_reboots_goes_down_and_comes_back() -> None:
    """A rebooting member is Down, then Joining or Up; the others keep the cluster."""
    lab = Lab()
    first, second = lab.nodes(2)
    make(lab, first)
    lab.guest(first, "Add-NestedClusterNode", Name="nest-2")
    lab.guest(second, "Restart-NestedGuest")
    lab.pass_time(12)
    down = states(lab.guest(first, "Get-NestedCluster"))
    lab.pass_time(120)

    assert down == {"nest-1": "Up", "nest-2": "Down"}
    assert states(lab.guest(first, "Get-NestedCluster")) == {"nest-1": "Up", "nest-2": "Up"}


def test_a_member_whose_service_does_not_run() -> None:
    """On a member right after its boot the cmdlets find no service: it reads as none and refuses to be made anew."""
    lab = Lab()
    (first,) = lab.nodes(1)
    make(lab, first)
    lab.guest(first, "Restart-NestedGuest")
    lab.pass_time(5 + 10 + 37)

    found = lab.guest(first, "Get-NestedCluster")
    assert (found["Exists"], found["ClusSvcStatus"]) == (False, "Stopped")
    assert refusal(lab, first, "Add-NestedClusterNode", Name="nest-2") == (
        f"ClusterEndpointNotRegistered,{CLUSTER}GetNodeCommand",
        "ConnectionError",
    )
    with pytest.raises(PsError, match="joined to a cluster"):
        make(lab, first)
    lab.pass_time(60)
    assert lab.guest(first, "Get-NestedCluster")["ClusSvcStatus"] == "Running"


def test_a_down_member_is_joined_again() -> None:
    """Add-NestedClusterNode evicts and joins a member whose service stays down."""
    lab = Lab()
    first, _ = lab.nodes(2)
    make(lab, first)
    lab.guest(first, "Add-NestedClusterNode", Name="nest-2")
    lab.world.set_faults(down_nodes=("nest-2",))
    assert states(lab.guest(first, "Get-NestedCluster"))["nest-2"] == "Down"
    record = lab.guest(first, "Add-NestedClusterNode", Name="nest-2")
    lab.world.clear_faults()

    assert (record["Changed"], lab.count("node_evicted"), lab.count("node_joined")) == (True, 1, 3)
    assert states(lab.guest(first, "Get-NestedCluster"))["nest-2"] == "Up"


@pytest.mark.parametrize(
    ("parameters", "resource"),
    [
        ({"Witness": "cloud", "AccountName": "acc", "AccessKey": SecretText("key")}, "Cloud Witness"),
        ({"Witness": "none"}, None),
    ],
)
def test_quorum_is_set_once(parameters: dict[str, Any], resource: str | None) -> None:
    """A witness is set, read back, and not set again; the key is kept nowhere."""
    lab = Lab()
    (first,) = lab.nodes(1)
    make(lab, first)
    record = lab.guest(first, "Set-NestedClusterQuorum", **parameters)

    assert (record["QuorumType"], record["WitnessResource"]) == ("Majority", resource)
    assert record["Changed"] is (resource is not None)
    assert lab.guest(first, "Set-NestedClusterQuorum", **parameters)["Changed"] is False
    assert "key" not in str(lab.world.as_json()["clusters"])


def test_witnesses_that_are_refused() -> None:
    """No file share in a workgroup (unless chosen), no disk without shared storage, no cloud without a key."""
    lab = Lab()
    (first,) = lab.nodes(1)
    share = {"Witness": "file_share", "FileSharePath": "\\\\srv\\w"}
    assert (
        refusal(lab, first, "Set-NestedClusterQuorum", **share)[0] == "Matryoshka.NotClustered,Set-NestedClusterQuorum"
    )
    make(lab, first)

    assert refusal(lab, first, "Set-NestedClusterQuorum", **share)[1] == "NotSpecified"
    assert refusal(lab, first, "Set-NestedClusterQuorum", Witness="disk", DiskName="Q")[1] == "ObjectNotFound"
    assert refusal(lab, first, "Set-NestedClusterQuorum", Witness="cloud", AccountName="a")[1] == "InvalidData"
    lab.world.set_faults(workgroup_file_share=True)
    assert lab.guest(first, "Set-NestedClusterQuorum", **share)["WitnessResource"] == "File Share Witness"


def test_storage_needs_disks_and_datacenter() -> None:
    """S2D needs two data disks in each node and is refused on Standard with 0x80070032."""
    lab = Lab()
    (first,) = lab.nodes(1, data=2)
    make(lab, first)
    lab.system(first).edition = "ServerStandard"
    with pytest.raises(PsError, match="0x80070032"):
        lab.guest(first, "Enable-NestedClusterStorage")
    lab.system(first).edition = "ServerDatacenter"

    assert lab.guest(first, "Enable-NestedClusterStorage")["PoolHealth"] == "Healthy"
    assert lab.guest(first, "Enable-NestedClusterStorage")["Changed"] is False
    bare = Lab()
    (node,) = bare.nodes(1)
    make(bare, node)
    assert refusal(bare, node, "Enable-NestedClusterStorage")[1] == "InvalidOperation"


def test_a_foreign_cluster_is_not_removed() -> None:
    """Remove-NestedCluster refuses another name than the cluster's."""
    lab = Lab()
    (first,) = lab.nodes(1)
    make(lab, first)

    assert refusal(lab, first, "Remove-NestedCluster", Name="other") == (
        "Matryoshka.ClusterForeign,Remove-NestedCluster",
        "PermissionDenied",
    )
