"""The token authenticators behind the cache, in their order: token file, ServiceAccount, bootstrap, OIDC, webhook."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lab.authentication import files
from snowpit.lab.authentication.accounts import Accounts
from snowpit.lab.authentication.chain import ByToken
from snowpit.lab.clock import Clock
from snowpit.lab.exchange import User
from snowpit.lab.storage import Store
from snowpit.lab.storage.latency import pause

OIDC_ISSUER, OIDC_AUDIENCE = "https://oidc.lab", "snowpit"


class TokenKinds:
    """All kinds of tokens but the server's own.

    Args:
        plane: What a webhook takes.
        pki: Folder of token files: ``tokens.csv``, ``oidc.jwks``, ``webhook.csv`` (whom the webhook knows).
        accounts: ServiceAccount tokens.
        store: Holds bootstrap tokens.
        clock: The lab's clock.
    """

    def __init__(
        self, plane: ControlPlane, pki: Path, accounts: Accounts, *, store: Store, clock: Clock
    ) -> None:
        self._known, self._by_webhook = files.known(pki / "tokens.csv"), files.known(pki / "webhook.csv")
        self._oidc = files.Oidc.load(pki / "oidc.jwks", OIDC_ISSUER, OIDC_AUDIENCE)
        self._accounts, self._store, self._clock = accounts, store, clock
        self._webhook_s = plane.number("webhook_authentication_s") or 0.0

    def in_order(self) -> tuple[ByToken, ...]:
        """The authenticators."""
        return (
            self._token_file,
            self._accounts.authenticate,
            self._bootstrap,
            self._from_oidc,
            self._from_webhook,
        )

    async def _token_file(self, token: str, _: tuple[str, ...]) -> User | None:
        return self._known.get(token)

    async def _bootstrap(self, token: str, _: tuple[str, ...]) -> User | None:
        return files.bootstrap(token, self._secret, self._clock)

    async def _from_oidc(self, token: str, _: tuple[str, ...]) -> User | None:
        return self._oidc.authenticate(token, self._clock.stamp() / 1e6) if self._oidc else None

    async def _from_webhook(self, token: str, _: tuple[str, ...]) -> User | None:
        user = self._by_webhook.get(token)
        if user is not None:
            await pause(self._webhook_s)
        return user

    def _secret(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        found = self._store.peek("secrets", namespace, name)
        return None if found is None else msgspec.json.decode(found, type=dict)
