"""`nested_cluster`: N nodes on one host, formed into a failover cluster."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validates_schema

from schemas.address import is_host_of
from schemas.base import Flag, choice, coded
from schemas.cluster import ClusterSchema
from schemas.guest import GuestSchema
from schemas.identity import IdentitySchema
from schemas.nested_vm import SmokeTestSchema
from schemas.network import NetworkSchema, gateway_of, room_for
from schemas.node import NodesSchema, node_names
from schemas.request import LabRequestSchema
from schemas.target import ANY_HOST, HostRefSchema

_S2D_NODES = range(2, 17)
_S2D_DATA_DISKS = 2


class NestedClusterRequestSchema(LabRequestSchema):
    """Build a nested Hyper-V failover cluster."""

    kind = choice("nested_cluster", required=True)
    host = fields.Nested(HostRefSchema, metadata={"description": ANY_HOST})
    nodes = fields.Nested(NodesSchema, required=True)
    network = fields.Nested(NetworkSchema, required=True)
    guest = fields.Nested(GuestSchema, load_default=lambda: GuestSchema().load({}))
    identity = fields.Nested(IdentitySchema, load_default=lambda: IdentitySchema().load({}))
    cluster = fields.Nested(ClusterSchema, required=True)
    smoke_test = fields.Nested(SmokeTestSchema, load_default=lambda: SmokeTestSchema().load({}))
    baseline_probe = Flag(
        load_default=False,
        metadata={"description": "start the first node once before nesting is exposed, and probe it"},
    )

    @validates_schema
    def _addresses(self, data: dict[str, Any], **_options: Any) -> None:
        network, cluster = data["network"], data["cluster"]
        count, given = data["nodes"]["count"], network.get("addresses")
        if given is not None and len(given) != count:
            raise coded(f"{count} nodes need as many addresses.", "length", "network", "addresses")
        _refuse_cluster_address(cluster.get("static_address"), network)
        taken = [cluster["static_address"]] if "static_address" in cluster else []
        chosen_for_cluster = cluster.get("access_point") != "none" and not taken
        room_for((0 if given else count) + chosen_for_cluster, network, *taken)

    @validates_schema
    def _names(self, data: dict[str, Any], **_options: Any) -> None:
        if data["cluster"]["name"].lower() in {name.lower() for name in node_names(data["nodes"])}:
            raise coded("The cluster and a node cannot have the same name.", "duplicate", "cluster", "name")

    @validates_schema
    def _identity(self, data: dict[str, Any], **_options: Any) -> None:
        if data["identity"]["mode"] == "domain":
            return
        if data["cluster"]["witness"]["kind"] == "file_share":
            # Microsoft Learn, "Create a workgroup cluster": file share witness not supported
            raise coded("A workgroup cluster takes no file share witness.", "conflict", "cluster", "witness", "kind")
        if data["cluster"].get("access_point") == "active_directory_and_dns":
            raise coded("A workgroup has no Active Directory.", "conflict", "cluster", "access_point")

    @validates_schema
    def _storage(self, data: dict[str, Any], **_options: Any) -> None:
        if data["cluster"]["storage"] != "s2d":
            return
        if data["nodes"]["count"] not in _S2D_NODES:
            raise coded("Storage Spaces Direct needs 2 to 16 nodes.", "range", "nodes", "count")
        if len(data["nodes"]["data_disks"]) < _S2D_DATA_DISKS:
            raise coded("Storage Spaces Direct needs two data disks a node.", "length", "nodes", "data_disks")


def _refuse_cluster_address(address: str | None, network: dict[str, Any]) -> None:
    if address is None or "subnet" not in network:
        return
    if not is_host_of(address, network["subnet"]):
        raise coded(
            f"Not an address for a machine in {network['subnet']}.", "outside_subnet", "cluster", "static_address"
        )
    if address == gateway_of(network):
        raise coded("This is the gateway's address.", "duplicate", "cluster", "static_address")
    if address in network.get("addresses", []):
        raise coded("This is a node's address.", "duplicate", "cluster", "static_address")
