"""Names for ids, so that a page says `hv1` where the API says `host_0f3a...`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.ui.inner import InnerApi

_MOST = 200


@dataclass(frozen=True)
class Names:
    """What the reader may see of hosts, by id."""

    hosts: Mapping[str, str] = field(default_factory=dict)

    def host(self, host_id: str | None) -> str:
        """Return a host's name, or its id when it is not known."""
        return self.hosts.get(host_id or "", host_id or "")


def names_of(api: InnerApi) -> Names:
    """Return the names; none for a reader who may not see hosts: to ask would be a refusal in the audit log."""
    if not api.caller.may("hosts:read"):
        return Names()
    found = api.get("/v1/hosts", limit=_MOST)
    return Names({host["id"]: host["name"] for host in found.body["items"]} if found.is_good else {})
