"""ServiceAccount tokens: signature, claims, then the objects that they name.

A legacy token costs the look-up of its Secret, then of its ServiceAccount; a bound one that of its ServiceAccount, then of
the Secret or Pod that it is bound to. The first look-up that fails ends the row.
Source: kubernetes pkg/serviceaccount/{jwt,legacy,claims}.go 1.12.4, 1.28.0.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lab.authentication.lookups import Lookups
from snowpit.lab.authority.tokens import ISSUER, LEGACY_ISSUER, PREFIX, Verifier
from snowpit.lab.clock import Clock
from snowpit.lab.exchange import AuthenticationError, User
from snowpit.lab.witness import Witness

INVALIDATED = "Token has been invalidated"
MISMATCH = "Token does not match server's copy"
EXPIRED = "Token has expired."
BAD_SIGNATURE = "square/go-jose: error in cryptographic primitive"
LEEWAY_S = 60
KINDS = {"pod": "pods", "secret": "secrets"}
Ended = Callable[[bool, float], None]
NAME_PREFIX = "system:serviceaccount:"


class Accounts:
    """Authenticates ServiceAccount tokens.

    Args:
        plane: Whether legacy tokens are looked up at all.
        verifier: Checks signatures.
        lookups: Finds objects.
        clock: The lab's clock, for expiry.
        witness: Hears of Secrets that could not be read.
        begun: Told of every validation that begins.
        ended: Told of every validation that ends: whether it went well, and what it took, s.
    """

    def __init__(
        self,
        plane: ControlPlane,
        verifier: Verifier,
        lookups: Lookups,
        *,
        clock: Clock,
        witness: Witness,
        begun: Callable[[], None],
        ended: Ended,
    ) -> None:
        self._begun, self._ended = begun, ended
        self._verifier, self._lookups, self._clock, self._witness = verifier, lookups, clock, witness
        self.configure(plane)

    def configure(self, plane: ControlPlane) -> None:
        """Take on parameters."""
        self._lookup = plane.may("service_account_lookup")

    async def authenticate(self, token: str, audiences: tuple[str, ...]) -> User | None:
        """Whom the token stands for; null if no ServiceAccount's issuer made it, which costs nothing.

        Raises:
            AuthenticationError: If it is refused.
        """
        issuer = _unverified(token).get("iss")
        if issuer not in (LEGACY_ISSUER, ISSUER):
            return None
        claims = self._verifier.claims(token)
        if claims is None:
            raise AuthenticationError(BAD_SIGNATURE)
        begin, ok = self._clock.now(), False
        self._begun()
        try:
            legacy = issuer == LEGACY_ISSUER
            user = await (self._legacy(token, claims) if legacy else self._bound(claims, audiences))
            ok = True
            self._witness.validated(legacy)
        finally:
            self._ended(ok, self._clock.now() - begin)
        return user

    async def _legacy(self, token: str, claims: Mapping[str, Any]) -> User:
        namespace, account = (
            str(claims.get(f"{PREFIX}namespace")),
            str(claims.get(f"{PREFIX}service-account.name")),
        )
        secret, uid = str(claims.get(f"{PREFIX}secret.name")), str(claims.get(f"{PREFIX}service-account.uid"))
        _check_subject(claims, namespace, account)
        if self._lookup:
            await self._check_secret(token, namespace, secret, account)
            await self._check_account(namespace, account, uid)
        return _user(namespace, account, uid)

    async def _check_secret(self, token: str, namespace: str, secret: str, account: str) -> None:
        found = await self._lookups.find("secrets", namespace, secret)
        if found is None or _going(found):
            self._witness.missed(namespace, secret, account, f'secrets "{secret}" not found')
            raise AuthenticationError(INVALIDATED)
        try:
            kept = base64.b64decode(str(found.get("data", {}).get("token", "")), validate=True)
        except binascii.Error:
            kept = b""
        if kept != token.encode():
            raise AuthenticationError(MISMATCH)

    async def _check_account(self, namespace: str, account: str, uid: str) -> None:
        found = await self._lookups.find("serviceaccounts", namespace, account)
        if found is None or _going(found):
            raise AuthenticationError(f'serviceaccounts "{account}" not found')
        kept = str(found["metadata"].get("uid", ""))
        if kept != uid:
            raise AuthenticationError(f"ServiceAccount UID ({kept}) does not match claim ({uid})")

    async def _bound(self, claims: Mapping[str, Any], audiences: tuple[str, ...]) -> User:
        now = self._clock.stamp() / 1e6
        if now > _instant(claims, "exp"):
            raise AuthenticationError(EXPIRED)
        if now + LEEWAY_S < _instant(claims, "nbf"):
            raise AuthenticationError("Token not valid yet")
        meant = claims.get("aud")
        wanted = audiences or (ISSUER,)
        if not isinstance(meant, list) or not set(wanted) & set(map(str, meant)):
            raise AuthenticationError(
                f"token audiences {meant!a} is invalid for the target audiences {list(wanted)!a}"
            )
        private = claims.get("kubernetes.io")
        names = private if isinstance(private, dict) else {}
        namespace, account = str(names.get("namespace")), names.get("serviceaccount") or {}
        _check_subject(claims, namespace, str(account.get("name")))
        await self._check_account(namespace, str(account.get("name")), str(account.get("uid")))
        for kind, resource in KINDS.items():
            if kind in names:
                await self._check_object(resource, namespace, names[kind])
        return _user(namespace, str(account.get("name")), str(account.get("uid")))

    async def _check_object(self, resource: str, namespace: str, named: Mapping[str, Any]) -> None:
        found = await self._lookups.find(resource, namespace, str(named.get("name")))
        if found is None or _going(found) or found["metadata"].get("uid") != named.get("uid"):
            raise AuthenticationError(INVALIDATED)


def _user(namespace: str, account: str, uid: str) -> User:
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")
    return User(f"{NAME_PREFIX}{namespace}:{account}", uid, groups)


def _check_subject(claims: Mapping[str, Any], namespace: str, account: str) -> None:
    if claims.get("sub") != f"{NAME_PREFIX}{namespace}:{account}":
        raise AuthenticationError("sub claim does not match namespace and serviceaccount.name")


def _going(found: Mapping[str, Any]) -> bool:
    return bool(found.get("metadata", {}).get("deletionTimestamp"))


def _instant(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    return float(value) if isinstance(value, (int, float)) else 0.0


def _unverified(token: str) -> Mapping[str, Any]:
    """The payload of a token that nobody has checked yet; empty if it is no JWT."""
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, payload, signature
        return {}
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        found: Mapping[str, Any] = msgspec.json.decode(payload, type=dict)
    except (binascii.Error, ValueError):
        return {}
    return found
