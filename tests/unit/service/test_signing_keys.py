"""The keys of an identity provider: cached, rotated, rate-limited, and kept while it is down."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from service.api.signing_keys import (
    FRESH_SECONDS,
    STALE_SECONDS,
    UNKNOWN_SECONDS,
    ProviderAway,
    SigningKeys,
    signing_key,
)
from tests.oidc_kit import OTHER_RSA_KEY, RSA_KEY, Issuer, private_key, public_jwk


@dataclass
class World:
    """An issuer, a clock and the keys as we know them."""

    issuer: Issuer = field(default_factory=Issuer)
    now: float = 1000.0

    def __post_init__(self) -> None:
        self.keys = SigningKeys(self.issuer.url, self.issuer.fetch, lambda: self.now)

    def has(self, kid: str, algorithm: str = "RS256") -> bool:
        """Tell whether a key is found."""
        return self.keys.find(kid, algorithm) is not None

    @property
    def fetches(self) -> int:
        """How often the set of keys was fetched."""
        return self.issuer.asked.count("/keys")


def test_keys_are_fetched_once_in_a_while() -> None:
    """Many tokens cost one fetch; after the fresh time another one."""
    world = World()

    assert all(world.has("k1") for _ in range(10))
    assert 1 == world.fetches
    world.now += FRESH_SECONDS + 1
    assert world.has("k1")
    assert 2 == world.fetches


def test_a_new_key_is_learned_at_once() -> None:
    """A token with a key that is not known makes one fetch, so that a rotation refuses nobody for long."""
    world = World()
    assert world.has("k1")
    world.issuer.keys = {"k2": ("RS256", OTHER_RSA_KEY)}
    world.now += UNKNOWN_SECONDS

    assert world.has("k2")
    assert not world.has("k1")


def test_unknown_keys_do_not_hammer_the_provider() -> None:
    """However many tokens with made-up keys come, the provider is asked once in the pause."""
    world = World()
    assert world.has("k1")
    for number in range(200):
        world.now += 0.1
        assert not world.has(f"made-up-{number}")
    assert 1 == world.fetches
    world.now += UNKNOWN_SECONDS
    assert not any(world.has(f"made-up-{number}") for number in range(200))
    assert 2 == world.fetches


def test_known_keys_are_used_while_the_provider_is_down() -> None:
    """What is kept goes on for a day without the provider; then nothing is believed any more."""
    world = World()
    assert world.has("k1")
    world.issuer.down = True
    world.now += FRESH_SECONDS + 1
    assert world.has("k1")
    world.now += STALE_SECONDS
    with pytest.raises(ProviderAway):
        world.has("k1")
    world.issuer.down = False
    world.now += 60
    assert world.has("k1")


def test_without_any_keys_nothing_is_known() -> None:
    """Before the first answer of the provider it cannot be told whose a token is."""
    world = World(Issuer(down=True))

    with pytest.raises(ProviderAway):
        world.has("k1")


@pytest.mark.parametrize("named", ["https://other.test", "https://issuer.test/"])
def test_another_issuers_document_is_not_believed(named: str) -> None:
    """The discovery document must name the very issuer that was asked (OpenID Connect Discovery 4.3)."""
    with pytest.raises(ProviderAway):
        World(Issuer(named=named)).has("k1")


def test_a_token_without_a_key_id_means_the_only_key() -> None:
    """Without `kid` the one key that fits is taken, and none when there are two."""
    assert World().has("")
    assert not World(Issuer(keys={"a": ("RS256", RSA_KEY), "b": ("RS256", OTHER_RSA_KEY)})).has("")


def test_unfit_keys_verify_nothing() -> None:
    """Symmetric, private, short, foreign and broken keys are passed over; the good one beside them works."""
    good = public_jwk(RSA_KEY, kid="k1")
    short = public_jwk(rsa.generate_private_key(65537, 1024), kid="short")  # noqa: S505 - that is the test
    unfit = [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "oct"},
        {**good, "d": "AQAB"},
        {**good, "use": "enc"},
        {**good, "key_ops": ["encrypt"]},
        {**good, "key_ops": 5},
        {**good, "n": "!"},
        {**good, "alg": "RS512"},
        {"kty": "RSA"},
        {"kty": []},
        short,
        [],
        None,
    ]

    assert [None] * len(unfit) == [signing_key(jwk) for jwk in unfit]
    world = World(Issuer(also=unfit))
    assert world.has("k1")
    assert not world.has("oct")


def test_a_key_verifies_its_own_algorithms_only() -> None:
    """A key of one family is never used for another's algorithm, nor beside the one that it is marked for."""
    keys = {"rsa": ("RS256", RSA_KEY), "ec": ("ES256", private_key("ES256")), "ed": ("EdDSA", private_key("EdDSA"))}
    world = World(Issuer(keys=keys, also=[public_jwk(OTHER_RSA_KEY, kid="ps", alg="PS256")]))

    found = {(kid, alg) for kid in (*keys, "ps") for alg in ("RS256", "PS256", "ES256", "EdDSA") if world.has(kid, alg)}
    assert found == {("rsa", "RS256"), ("rsa", "PS256"), ("ec", "ES256"), ("ed", "EdDSA"), ("ps", "PS256")}
