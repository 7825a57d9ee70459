"""From a template and what was said to the body of a request. Pure: the schema judges what comes out."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from service.chat.building import BUILD_EXAMPLE, Build
from service.chat.words import NotUnderstood, nearest

KINDS = {"cluster": "nested_cluster", "host": "nested_host"}
_COMPUTER_NAME_LENGTH = 15


def template_for(build: Build, templates: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the template that was named, else the first one of the kind.

    Raises:
        NotUnderstood: there is none, or the named one builds something else.
    """
    fitting = {name: body for name, body in templates.items() if body.get("kind") == KINDS[build.shape]}
    if not build.template:
        if not fitting:
            raise NotUnderstood(f"This workspace has no template for a {build.shape}; the operator adds one.")
        return next(iter(fitting.values()))
    if build.template not in fitting:
        known = f"Templates for a {build.shape}: {', '.join(fitting) or 'none'}."
        close = nearest(build.template, fitting)
        raise NotUnderstood(known, word=build.template, nearest=close, example=BUILD_EXAMPLE)
    return fitting[build.template]


def fill(template: Mapping[str, Any], build: Build, labels: Mapping[str, str]) -> dict[str, Any]:
    """Return the body of the request: the template with what was said, and these labels beside its own."""
    body = copy.deepcopy(dict(template))
    if build.host:
        body["host"] = _host(build.host)
    if build.lease_seconds is not None:
        body["lease_seconds"] = build.lease_seconds
    body["labels"] = {**(body.get("labels") or {}), **labels}
    nodes = body.setdefault("nodes" if build.shape == "cluster" else "node", {})
    if build.memory_mib is not None:
        nodes["memory_mib"] = build.memory_mib
    if build.image:
        nodes["image"] = {"name": build.image}
    if build.shape == "cluster":
        _fill_cluster(body, nodes, build)
    elif build.name:
        nodes["name"] = build.name
    return body


def _host(said: str) -> dict[str, str]:
    if said.startswith("host_"):
        return {"id": said}
    return {"label": said} if "=" in said else {"name": said}


def _fill_cluster(body: dict[str, Any], nodes: dict[str, Any], build: Build) -> None:
    if build.nodes is not None and build.nodes != nodes.get("count"):
        nodes["count"] = build.nodes
        nodes.pop("names", None)
        # Addresses of so many nodes; of another number they are chosen from the subnet.
        body.get("network", {}).pop("addresses", None)
    if not build.name:
        return
    body["cluster"] = {**(body.get("cluster") or {}), "name": build.name}
    nodes.pop("names", None)
    # VMs of two labs on one host need different names too.
    room = _COMPUTER_NAME_LENGTH - len(f"-{nodes.get('count', 1)}")
    nodes["name_prefix"] = build.name[:room].rstrip("-")
