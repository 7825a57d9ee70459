"""`matryoshka tenants ...`: what an operator does on Redis, without the API."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import click

from schemas.tenant import SLUG, TenantSchema
from service.commands.on_ledger import LedgerVerbs, store_from_env
from service.commands.showing import show, show_list
from service.commands.tables import Column
from service.commands.verbs import limited
from service.ledger.store import NameTaken, Quotas, Tenant, TenantStore, VersionConflict
from service.ledger.tenant import RESERVED

_COLUMNS = (Column("id", kind="id"), Column("name"), Column("quotas"), Column("usage"))
_MOST_TENANTS = 1000
_SHAPE = TenantSchema()
_ANY = "any"


@click.group(cls=LedgerVerbs)
def tenants() -> None:
    """Tenants: who shares this service, and what each may have at once."""


def _slug(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not re.fullmatch(SLUG, value) or value in RESERVED:
        raise click.BadParameter("a tenant is 1 to 40 of a-z, 0-9 and '-', with a letter or digit at its ends")
    return value


def _quota(_context: click.Context, _parameter: click.Parameter, value: str | None) -> int | str | None:
    if value in (None, _ANY):
        return value
    if not (value.isascii() and value.isdigit()):
        raise click.BadParameter("give a whole number, or `any`")
    return int(value)


_QUOTAS = [
    click.option("--jobs", callback=_quota, help="Unfinished jobs; `any` for any number."),
    click.option("--nodes", callback=_quota, help="Nodes of unfinished jobs and living labs."),
    click.option("--memory-mib", callback=_quota, help="Their memory."),
]


def _with_quotas(command: Any) -> Any:
    for option in reversed(_QUOTAS):
        command = option(command)
    return command


@tenants.command()
@click.argument("slug", callback=_slug)
@click.option("--name", default="", help="What people call it.")
@_with_quotas
def create(slug: str, name: str, **quotas: int | str | None) -> None:
    """Add a tenant; then make keys for it: `keys create --tenant`."""
    try:
        tenant = store_from_env().tenants.put(Tenant(slug, name, _changed(Quotas(), quotas)))
    except NameTaken as error:
        raise click.ClickException(f"there is a tenant {slug} already") from error
    show(_SHAPE.dump(tenant))


@tenants.command("list")
@limited
def list_tenants() -> None:
    """List tenants with their quotas and what they use now."""
    store = store_from_env().tenants
    show_list((_body(store, one) for one in store.list(limit=_MOST_TENANTS)), _COLUMNS)


@tenants.command()
@click.argument("slug")
@_with_quotas
def quota(slug: str, **quotas: int | str | None) -> None:
    """Show what a tenant may have and what it has; with options, change that first."""
    store = store_from_env().tenants
    tenant = store.get(slug)
    if tenant is None:
        raise click.ClickException(f"there is no tenant {slug}")
    if any(value is not None for value in quotas.values()):
        try:
            tenant = store.update(replace(tenant, quotas=_changed(tenant.quotas, quotas)))
        except VersionConflict as error:
            raise click.ClickException("somebody else changed it at the same time; try again") from error
    show(_body(store, tenant))


def _changed(quotas: Quotas, given: dict[str, int | str | None]) -> Quotas:
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    return replace(quotas, **{name: None if value == _ANY else value for name, value in changes.items()})


def _body(store: TenantStore, tenant: Tenant) -> dict[str, Any]:
    body: dict[str, Any] = _SHAPE.dump(tenant)
    return body | {"usage": vars(store.usage(tenant.id))}
