"""The largest cluster there is, on one host."""

from __future__ import annotations

from tests.e2e.driver import Driver

_NODES = 64


def test_sixty_four_nodes_build_on_one_host(driver: Driver) -> None:
    """64 nodes become one cluster; every node is proven, and no effect was applied twice."""
    body = driver.cluster(count=_NODES)
    body["nodes"]["memory_mib"] = 4096
    job = driver.run(body, 280)

    lab = driver.get(f"/v1/labs/{job['lab_id']}")
    proven = [row for row in lab["probes"] if row["phase"] == "after_role" and row["verdict"] == "proven"]
    assert len([row for row in proven if row["level"] == "L1"]) == _NODES
    assert len([node for node in lab["summary"]["cluster"]["state"]["nodes"] if node["state"] == "Up"]) == _NODES
    assert driver.doubled(body["nodes"]["name_prefix"]) == {}
