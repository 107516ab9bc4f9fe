"""Token authentication by webhook: another server is asked to review the token, and its answer is kept for 2 minutes.

Source: kubernetes/apiserver plugin/pkg/authenticator/token/webhook/webhook.go 1.12.0 to 1.28.0.
"""

import asyncio
from typing import Any

import msgspec

from snowpit.lab.exchange import AuthenticationError, User
from snowpit.lab.wire import LostError, Network

KEPT_S = 120.0
CREATED = (200, 201)
MOST = 4096


class Webhook:
    """The webhook.

    Args:
        address: Where it listens.
        target: Path.
        network: Carries requests.
        kept_s: How long answers are kept, s.
    """

    def __init__(self, address: str, target: str, network: Network, *, kept_s: float = KEPT_S) -> None:
        self._address, self._target, self._network, self._kept_s = address, target, network, kept_s
        self._kept: dict[str, tuple[float, User | None]] = {}

    async def authenticate(self, token: str) -> User | None:
        """Whom the webhook says that a token stands for; null if it says nobody.

        Raises:
            AuthenticationError: If it cannot be asked, or tells an error.
        """
        now = asyncio.get_running_loop().time()
        until, user = self._kept.get(token, (float("-inf"), None))
        if now < until:
            return user
        user = _user(await self._ask(token))
        while len(self._kept) >= MOST:
            del self._kept[next(iter(self._kept))]
        self._kept[token] = (asyncio.get_running_loop().time() + self._kept_s, user)
        return user

    async def _ask(self, token: str) -> dict[str, Any]:
        review = {"kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1", "spec": {"token": token}}
        try:
            response = await self._network.send(
                self._address,
                "POST",
                self._target,
                headers={"content-type": "application/json"},
                body=msgspec.json.encode(review),
            )
            found = msgspec.json.decode(response.body, type=dict) if response.status in CREATED else None
        except (LostError, ValueError) as error:
            raise AuthenticationError("webhook cannot be asked") from error
        if found is None or not isinstance(found.get("status"), dict):
            raise AuthenticationError("webhook does not answer with a review")
        if found["status"].get("error"):
            raise AuthenticationError("webhook tells an error")
        return dict(found["status"])


def _user(status: dict[str, Any]) -> User | None:
    user = status.get("user")
    if status.get("authenticated") is not True or not isinstance(user, dict):
        return None
    groups = user.get("groups") or ()
    return User(str(user.get("username", "")), str(user.get("uid", "")), tuple(map(str, groups)))
