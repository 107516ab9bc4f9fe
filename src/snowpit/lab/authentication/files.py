"""Credentials in files: static tokens, passwords, keys of an OIDC issuer; and bootstrap tokens, which lie in Secrets.

Sources: kubernetes/apiserver plugin/pkg/authenticator; kubernetes plugin/pkg/auth/authenticator/token/bootstrap 1.12.4.
"""

import base64
import binascii
import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from snowpit.lab.clock import Clock
from snowpit.lab.exchange import AuthenticationError, User

BOOTSTRAP = re.compile(r"([a-z0-9]{6})\.([a-z0-9]{16})")
_FIELDS = 3
Peek = Callable[[str, str], Mapping[str, Any] | None]
"""A Secret by namespace and name, from an informer's cache."""


def known(path: Path) -> dict[str, User]:
    """Users by token: lines of ``token,user,uid,"group1,group2"``."""
    return dict(_rows(path))


def passwords(path: Path) -> dict[str, User]:
    """Users by ``user:password``."""
    return {f"{user.name}:{secret}": user for secret, user in _rows(path)}


def _rows(path: Path) -> Iterator[tuple[str, User]]:
    if not path.exists():
        return
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.reader(lines):
            if len(row) >= _FIELDS and row[0]:
                groups = tuple(filter(None, row[3].split(","))) if len(row) > _FIELDS else ()
                yield row[0], User(row[1], row[2], groups)


def bootstrap(token: str, peek: Peek, clock: Clock) -> User | None:
    """Whom a bootstrap token stands for; null if it is none, or its Secret is missing or says no."""
    found = BOOTSTRAP.fullmatch(token)
    secret = peek("kube-system", f"bootstrap-token-{found[1]}") if found else None
    if found is None or secret is None or secret.get("type") != "bootstrap.kubernetes.io/token":
        return None
    data = {key: _text(value) for key, value in (secret.get("data") or {}).items()}
    fits = data.get("token-id") == found[1] and data.get("token-secret") == found[2]
    if not fits or data.get("usage-bootstrap-authentication") != "true":
        return None
    end = data.get("expiration", "")
    if end and end < clock.moment().strftime("%Y-%m-%dT%H:%M:%SZ"):
        return None
    extra = tuple(filter(None, data.get("auth-extra-groups", "").split(",")))
    return User(f"system:bootstrap:{found[1]}", groups=("system:bootstrappers", *extra))


def _text(value: object) -> str:
    try:
        return base64.b64decode(str(value), validate=True).decode("utf-8", "replace")
    except binascii.Error:
        return ""


class Oidc(NamedTuple):
    """An OIDC issuer as configured.

    Args:
        issuer: ``iss`` of its tokens.
        audience: Client id.
        keys: Its public keys.
        username_prefix: Put before names.
    """

    issuer: str
    audience: str
    keys: KeySet
    username_prefix: str = "oidc:"

    @classmethod
    def load(cls, path: Path, issuer: str, audience: str) -> "Oidc | None":
        """Keys from a JWKS file; null without the file."""
        if not path.exists():
            return None
        return cls(issuer, audience, KeySet.import_key_set(json.loads(path.read_text("utf-8"))))

    def authenticate(self, token: str, now: float) -> User | None:
        """Whom a token of this issuer stands for; null if another made it.

        Raises:
            AuthenticationError: If it is refused.
        """
        if token.count(".") != 2:  # noqa: PLR2004 - no JWT
            return None
        try:
            claims = jwt.decode(token, self.keys, algorithms=["RS256", "ES256"]).claims
        except (JoseError, ValueError, TypeError):
            return None
        if claims.get("iss") != self.issuer:
            return None
        audiences = claims.get("aud")
        if self.audience not in (audiences if isinstance(audiences, list) else [audiences]):
            raise AuthenticationError("oidc: verify token: oidc: expected audience not found")
        if float(claims.get("exp") or 0) < now:
            raise AuthenticationError("oidc: verify token: oidc: token is expired")
        groups = claims.get("groups")
        names = tuple(map(str, groups)) if isinstance(groups, list) else ()
        return User(f"{self.username_prefix}{claims.get('sub')}", groups=names)
