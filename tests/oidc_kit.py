"""An issuer of tokens for tests: its keys, its documents, and tokens good and bad."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

AUDIENCE = "matryoshka"
Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
# Made once: a key of 2048 bits takes a while.
RSA_KEY = rsa.generate_private_key(65537, 2048)
OTHER_RSA_KEY = rsa.generate_private_key(65537, 2048)


def private_key(algorithm: str) -> Private:
    """Return a private key for an algorithm."""
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    return ed25519.Ed25519PrivateKey.generate() if algorithm == "EdDSA" else RSA_KEY


def public_jwk(key: Private, **members: str) -> dict[str, Any]:
    """Return the public half as a JWK."""
    if isinstance(key, rsa.RSAPrivateKey):
        text = RSAAlgorithm.to_jwk(key.public_key())
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        text = ECAlgorithm.to_jwk(key.public_key())
    else:
        text = OKPAlgorithm.to_jwk(key.public_key())
    return json.loads(text) | {"use": "sig"} | members


@dataclass
class Issuer:
    """Signs tokens and answers for its documents; `asked` lists the paths in order. `down` answers nothing."""

    url: str = "https://issuer.test"
    keys: dict[str, tuple[str, Private]] = field(default_factory=lambda: {"k1": ("RS256", RSA_KEY)})
    also: list[Any] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    down: bool = False
    named: str = ""

    def document(self, path: str) -> Any:
        """Return what stands under a path."""
        self.asked.append(path)
        if path.endswith("/.well-known/openid-configuration"):
            return {"issuer": self.named or self.url, "jwks_uri": f"{self.url}/keys"}
        return {"keys": [*self.also, *(public_jwk(key, kid=kid) for kid, (_, key) in self.keys.items())]}

    def fetch(self, url: str) -> bytes:
        """Answer a GET."""
        if self.down:
            raise OSError("the network is away")
        return json.dumps(self.document(url.removeprefix(self.url))).encode()

    def claims(self, now: float, **changes: Any) -> dict[str, Any]:
        """Return the claims of a good token; None takes one away."""
        found = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "user-1",
            "iat": int(now),
            "exp": int(now) + 300,
            "preferred_username": "anna",
            "scope": "jobs:read profile",
        }
        return {name: value for name, value in (found | changes).items() if value is not None}

    def token(self, now: float, kid: str = "k1", headers: Mapping[str, Any] | None = None, **changes: Any) -> str:
        """Return a signed token."""
        algorithm, key = self.keys[kid]
        return jwt.encode(self.claims(now, **changes), key, algorithm, headers={"kid": kid, **(headers or {})})
