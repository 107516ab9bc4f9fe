"""ServiceAccount tokens: made, and checked as to signature and times.

Claims by kind: kubernetes pkg/serviceaccount/{legacy,claims,jwt}.go 1.12.4, 1.28.0. Only RS256 and ES256 are taken, each
with a key of its own kind, so ``alg: none`` and a public key used as a secret come to nothing.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

ISSUER = "https://kubernetes.default.svc"
LEGACY_ISSUER = "kubernetes/serviceaccount"
ALGORITHMS = ("RS256", "ES256")
PREFIX = "kubernetes.io/serviceaccount/"
REMEMBERED = 8192
Key = RSAKey | ECKey


class Signer:
    """Makes tokens.

    Args:
        key: Private key.
    """

    def __init__(self, key: Key) -> None:
        self._key = key
        self._algorithm = "RS256" if isinstance(key, RSAKey) else "ES256"

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A token with these claims."""
        header = {"alg": self._algorithm, "kid": self._key.thumbprint()}
        return jwt.encode(header, dict(claims), self._key, algorithms=list(ALGORITHMS))

    def legacy(self, namespace: str, secret: str, account: str, uid: str) -> str:
        """The token of a Secret of type kubernetes.io/service-account-token: it has no end and no audience."""
        return self.sign(
            {
                "iss": LEGACY_ISSUER,
                f"{PREFIX}namespace": namespace,
                f"{PREFIX}secret.name": secret,
                f"{PREFIX}service-account.name": account,
                f"{PREFIX}service-account.uid": uid,
                "sub": f"system:serviceaccount:{namespace}:{account}",
            }
        )

    def bound(
        self,
        namespace: str,
        account: str,
        uid: str,
        *,
        issued: int,
        expires: int,
        audiences: Sequence[str] = (),
        to: tuple[str, str, str] | None = None,
    ) -> str:
        """A token as TokenRequest makes it.

        Args:
            namespace: Namespace of the ServiceAccount.
            account: Its name.
            uid: Its UID.
            issued: s since the epoch.
            expires: s since the epoch.
            audiences: Whom it is for; empty for the API server.
            to: Kind, name and UID of the object that it is bound to.
        """
        private: dict[str, Any] = {"namespace": namespace, "serviceaccount": {"name": account, "uid": uid}}
        if to is not None:
            private[to[0].lower()] = {"name": to[1], "uid": to[2]}
        return self.sign(
            {
                "aud": list(audiences or (ISSUER,)),
                "exp": expires,
                "iat": issued,
                "nbf": issued,
                "iss": ISSUER,
                "kubernetes.io": private,
                "sub": f"system:serviceaccount:{namespace}:{account}",
            }
        )


class Verifier:
    """Checks signatures.

    Args:
        keys: Public keys, tried by key id, then all.
    """

    def __init__(self, keys: Sequence[Key]) -> None:
        self._keys = KeySet(list(keys))
        self.claims = lru_cache(maxsize=REMEMBERED)(self._claims)
        """Claims of a token whose signature holds, null otherwise; remembered, for they never change."""

    def _claims(self, token: str) -> Mapping[str, Any] | None:
        for key in self._keys.keys:
            try:
                found = jwt.decode(token, key, algorithms=list(ALGORITHMS))
            except (JoseError, ValueError, TypeError):
                continue
            return found.claims
        return None


def rsa() -> RSAKey:
    """A new key for RS256."""
    return RSAKey.generate_key(2048)


def elliptic() -> ECKey:
    """A new key for ES256."""
    return ECKey.generate_key("P-256")
