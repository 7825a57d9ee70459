"""Who owns a record: the tenant's slug, and what is read where none was written. Pure."""

from __future__ import annotations

DEFAULT_TENANT = "default"
# The owner of a webhook endpoint that hears of every tenant: no slug, so that no tenant's key finds it.
ALL_TENANTS = "*"
# Jobs of earlier releases have the id of a key in the place of their tenant, or this word: no tenant may have it.
RESERVED = frozenset({"expiry"})


def owner_of(stored: str) -> str:
    """Return the tenant that a stored record belongs to; what an earlier release wrote belongs to the default one."""
    if not stored or stored in RESERVED or stored.startswith("key_"):
        return DEFAULT_TENANT
    return stored
