"""Bearer tokens of an identity provider: which are taken, as whom, and which are not."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from service.api.auth import Caller, TokenRefused
from service.api.signing_keys import SigningKeys
from service.api.tokens import LONGEST, TokenVerifier
from service.oidc_settings import OidcSettings
from tests.oidc_kit import AUDIENCE, OTHER_RSA_KEY, RSA_KEY, Issuer, private_key

NOW = 1_764_000_000.0
ISSUER = Issuer(keys={"k1": ("RS256", RSA_KEY)})


def _caller(token: str, issuer: Issuer = ISSUER, **settings: Any) -> Caller:
    chosen = OidcSettings(**{"issuer": issuer.url, "audience": (AUDIENCE,), **settings})
    return TokenVerifier(chosen, SigningKeys(issuer.url, issuer.fetch, lambda: 0.0), lambda: NOW).caller(token)


def _refusal(token: str, **settings: Any) -> str:
    with pytest.raises(TokenRefused) as refused:
        _caller(token, **settings)
    return str(refused.value)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_a_good_token_is_a_caller(algorithm: str) -> None:
    """Each accepted algorithm's token is its user, with the scopes that are ours, in the default tenant."""
    issuer = Issuer(keys={"k1": (algorithm, private_key(algorithm))})
    caller = _caller(issuer.token(NOW, headers={"typ": "at+jwt"}), issuer)

    assert ("anna", frozenset({"jobs:read"}), "default", "oidc", "user-1") == (
        caller.name,
        caller.scopes,
        caller.tenant,
        caller.kind,
        caller.subject,
    )
    assert caller.key_id.startswith("oidc_")
    assert "user-1" not in caller.key_id


def test_users_have_pseudonyms_of_their_own() -> None:
    """The same user of the same issuer is the same caller, and nobody else is."""
    first, again, other = (_caller(ISSUER.token(NOW, sub=sub)).key_id for sub in ("a", "a", "b"))

    assert first == again != other


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": NOW - 60}, "expired"),
        ({"exp": None}, "wrong"),
        ({"exp": "tomorrow"}, "not a time"),
        ({"exp": True}, "not a time"),
        ({"nbf": NOW + 61}, "not valid yet"),
        ({"iat": NOW + 61}, "not valid yet"),
        ({"aud": "another"}, "audience"),
        ({"aud": None}, "wrong"),
        ({"aud": []}, "wrong"),
        ({"iss": "https://issuer.test/"}, "issuer"),
        ({"iss": None}, "wrong"),
        ({"sub": None}, "wrong"),
        ({"sub": "x" * 256}, "subject"),
        ({"typ": "ID"}, "not an access token"),
        ({"typ": "Refresh"}, "not an access token"),
        ({"at_hash": "x"}, "not an access token"),
        ({"cnf": {"jkt": "x"}}, "bound"),
        ({"azp": 5}, "client"),
    ],
)
def test_bad_claims_are_refused(changes: dict[str, Any], reason: str) -> None:
    """A token out of time, for or from somebody else, or of another use is refused, and the reason says which."""
    assert reason in _refusal(ISSUER.token(NOW, **changes))


def test_clocks_may_differ_a_little() -> None:
    """Within the skew an expired or a future token is taken; with no skew it is not."""
    late, early = ISSUER.token(NOW, exp=NOW - 59), ISSUER.token(NOW, iat=NOW + 60, nbf=NOW + 60)

    assert _caller(late).name == _caller(early).name == "anna"
    assert "expired" in _refusal(late, skew_seconds=0)
    assert "not valid yet" in _refusal(early, skew_seconds=0)


def _unsigned(header: dict[str, Any]) -> str:
    parts = (json.dumps(part).encode() for part in (header, ISSUER.claims(NOW)))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


def _confused() -> str:
    """Sign with HMAC and the public key as its secret, by hand: libraries refuse to."""
    secret = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = _unsigned({"alg": "HS256", "kid": "k1", "typ": "JWT"}).rstrip(".")
    mark = jwt.get_algorithm_by_name("HS256").sign(head.encode(), secret)
    return f"{head}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}"


# By name: the tokens themselves differ from process to process.
_FORGED = {
    "unsigned": (_unsigned({"alg": "none"}), "algorithm"),
    "confused": (_confused(), "algorithm"),
    "another-key": (Issuer(keys={"k1": ("RS256", OTHER_RSA_KEY)}).token(NOW), "signature"),
    "unknown-key": (Issuer(keys={"k2": ("RS256", RSA_KEY)}).token(NOW, "k2"), "no such key"),
    "another-family": (Issuer(keys={"k1": ("ES256", private_key("ES256"))}).token(NOW), "no such key"),
    "another-hash": (Issuer(keys={"k1": ("RS512", RSA_KEY)}).token(NOW), "algorithm"),
    "another-type": (ISSUER.token(NOW, headers={"typ": "logout+jwt"}), "type"),
    "broken": (ISSUER.token(NOW)[:-8] + "AAAAAAAA", "signature"),
    "long": (ISSUER.token(NOW, note="x" * LONGEST), "too long"),
    "letters": ("a.b.c", "not a signed JWT"),
    "dots": ("..", "not a signed JWT"),
    "list": (_unsigned({"alg": ["RS256"], "kid": "k1"}), "algorithm"),
    "object": (_unsigned({"alg": {"RS256": 1}, "kid": "k1"}), "algorithm"),
}


@pytest.mark.parametrize("name", _FORGED)
def test_forged_tokens_are_refused(name: str) -> None:
    """No signature, another key's, another algorithm's, another type's: none opens anything."""
    token, reason = _FORGED[name]

    assert reason in _refusal(token)


def test_crit_is_refused() -> None:
    """An extension that must be understood is not, so its token is not taken, well signed as it is."""
    assert _refusal(ISSUER.token(NOW, headers={"crit": ["x"], "x": 1}))


def test_scopes_are_mapped() -> None:
    """Values of the scopes claim give what the map says and nothing else, in any form of the claim."""
    mapped = {"lab-admins": frozenset({"admin"}), "lab-users": frozenset({"jobs:read", "jobs:write"})}
    nested = ISSUER.token(NOW, scope=None, realm_access={"roles": ["lab-users", 5, "other"]})

    assert _caller(ISSUER.token(NOW, scope="lab-users admin"), scope_map=mapped).scopes == mapped["lab-users"]
    assert _caller(nested, scope_map=mapped, scopes_claim="realm_access.roles").scopes == mapped["lab-users"]
    assert _caller(ISSUER.token(NOW, **{"https://x.test/r": ["lab-admins"]}), scope_map=mapped).scopes == frozenset()
    dotted = ISSUER.token(NOW, **{"https://x.test/r": ["lab-admins"]})
    assert _caller(dotted, scope_map=mapped, scopes_claim="https://x.test/r").scopes == {"admin"}
    assert _caller(ISSUER.token(NOW, scope=None)).scopes == frozenset()


def test_the_tenant_is_in_the_token() -> None:
    """With a tenant claim the caller is of that tenant; a token without one is refused, not put elsewhere."""
    assert _caller(ISSUER.token(NOW, team="blue"), tenant_claim="team").tenant == "blue"
    assert _caller(ISSUER.token(NOW, team=["blue"]), tenant_claim="team").tenant == "blue"
    for team in (None, "", "Blue!", ["blue", "red"], {"a": 1}):
        assert "no tenant" in _refusal(ISSUER.token(NOW, team=team), tenant_claim="team")


def test_only_listed_clients_may_have_asked() -> None:
    """With a list of clients the token's client must be on it."""
    assert _caller(ISSUER.token(NOW, azp="portal"), clients=("portal",)).name == "anna"
    assert "client" in _refusal(ISSUER.token(NOW, azp="other"), clients=("portal",))
    assert "client" in _refusal(ISSUER.token(NOW), clients=("portal",))


def test_refusals_say_nothing_of_the_token() -> None:
    """The reason of a refusal has nothing that the token holds: it is shown and may be logged."""
    token = ISSUER.token(NOW, aud="canary-audience", sub="canary-sub")

    assert "canary" not in _refusal(token)
    assert '"' not in _refusal(token)
