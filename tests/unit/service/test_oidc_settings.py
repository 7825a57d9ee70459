"""The settings of an identity provider."""

from __future__ import annotations

import pytest

from service.oidc_settings import OidcSettings
from service.settings_error import SettingsError

GOOD = {"MATRYOSHKA_OIDC_ISSUER": "https://id.test/realms/lab", "MATRYOSHKA_OIDC_AUDIENCE": "matryoshka"}


def test_everything_can_be_said() -> None:
    """Each variable is read; without an issuer there is no provider."""
    found = OidcSettings.from_env(
        GOOD
        | {
            "MATRYOSHKA_OIDC_AUDIENCE": "matryoshka, api://labs",
            "MATRYOSHKA_OIDC_SCOPES_CLAIM": "realm_access.roles",
            "MATRYOSHKA_OIDC_TENANT_CLAIM": "team",
            "MATRYOSHKA_OIDC_CLIENTS": "portal",
            "MATRYOSHKA_OIDC_SKEW_SECONDS": "5",
        }
        | {"MATRYOSHKA_OIDC_SCOPE_MAP": "lab-admins=admin, lab-users=jobs:read jobs:write,lab-users=hosts:read"}
    )

    assert found == OidcSettings(
        "https://id.test/realms/lab",
        ("matryoshka", "api://labs"),
        "realm_access.roles",
        {"lab-admins": frozenset({"admin"}), "lab-users": frozenset({"jobs:read", "jobs:write", "hosts:read"})},
        "team",
        ("portal",),
        5,
    )
    assert OidcSettings.from_env({}) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ISSUER", "http://id.test"),
        ("ISSUER", "id.test"),
        ("ISSUER", "https://id.test?x=1"),
        ("ISSUER", "https://[broken"),
        ("ISSUER", ""),
        ("AUDIENCE", " , "),
        ("SCOPE_MAP", "lab-admins"),
        ("SCOPE_MAP", "=admin"),
        ("SCOPE_MAP", "lab-admins="),
        ("SCOPE_MAP", "lab-admins=root"),
        ("SCOPES_CLAIM", "a b"),
        ("TENANT_CLAIM", "ü"),
        ("SKEW_SECONDS", "301"),
        ("SKEW_SECONDS", "-1"),
    ],
)
def test_a_bad_variable_is_named(name: str, value: str) -> None:
    """What cannot be used is refused at start with the variable's name."""
    with pytest.raises(SettingsError) as refused:
        OidcSettings.from_env(GOOD | {f"MATRYOSHKA_OIDC_{name}": value})

    assert f"MATRYOSHKA_OIDC_{name}" == refused.value.variable
