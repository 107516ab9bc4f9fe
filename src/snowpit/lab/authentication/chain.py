"""The whole chain, in the order of the version, and what it says when nobody knows a credential.

Request level: front proxy, basic auth (to 1.18), client certificate, bearer token, token in a websocket's protocol; each is
asked although one before it failed, and errors add up. A certificate that is accepted ends it, so a token beside it is
never looked at. Token level, behind the token cache: token file, ServiceAccount, bootstrap, OIDC, webhook. In front of all
stands the server's own token. Source: kubernetes pkg/kubeapiserver/authenticator/config.go and apiserver
pkg/server/config.go 1.12.4, 1.28.0.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping, Sequence
from urllib.parse import unquote

from snowpit.cluster.authenticators import chain as links
from snowpit.cluster.control_plane import ControlPlane
from snowpit.lab.authentication.cache import TokenCache
from snowpit.lab.exchange import ANONYMOUS, MASTERS, AuthenticationError, User
from snowpit.lab.wire import Request

INVALID = "invalid bearer token"
AUTHENTICATED = "system:authenticated"
PROXY_CA, CLIENT_CA = "front-proxy-ca", "kubernetes"
SELF = User("system:apiserver", groups=(MASTERS,))
PROTOCOL = "base64url.bearer.authorization.k8s.io."
_LONGEST = 1 << 14
ByToken = Callable[[str, tuple[str, ...]], Awaitable[User | None]]


class Chain:
    """Authenticates requests and reviewed tokens.

    Args:
        plane: Version and whether there is basic auth.
        own_token: The server's own token.
        passwords: Users by ``user:password``.
        cache: The token cache, with the token authenticators behind it.
    """

    def __init__(
        self, plane: ControlPlane, own_token: str, passwords: Mapping[str, User], cache: TokenCache
    ) -> None:
        self._own, self._passwords, self._cache = own_token, passwords, cache
        self._basic = any(link.name == "basic" for link in links(plane))

    async def request(self, request: Request) -> User:
        """Who asks.

        Raises:
            AuthenticationError: If a credential was shown and none is accepted.
        """
        token = bearer(request.headers)
        if token is not None and token == self._own:
            return _grouped(SELF)
        errors = [INVALID] if token is not None else []
        user = self._by_connection(request)
        if user is None and token is not None:
            user = await self._by_token(token, (), errors)
        if user is not None:
            return _grouped(user)
        if errors:
            raise AuthenticationError(joined(errors))
        return ANONYMOUS

    def free(self, request: Request) -> bool:
        """Whether a request is decided without asking for a token."""
        token = bearer(request.headers)
        return token is None or token == self._own or self._by_connection(request) is not None

    async def review(self, token: str, audiences: tuple[str, ...]) -> User | None:
        """Whom a reviewed token stands for.

        Raises:
            AuthenticationError: If it is refused, or unknown.
        """
        if token == self._own:
            return _grouped(SELF)
        errors = [INVALID]
        user = await self._by_token(token, audiences, errors)
        if user is None:
            raise AuthenticationError(joined(errors))
        return _grouped(user)

    async def _by_token(self, token: str, audiences: tuple[str, ...], errors: list[str]) -> User | None:
        try:
            user = await self._cache.authenticate(token[:_LONGEST], audiences)
        except AuthenticationError as error:
            errors.append(str(error))
            return None
        if user is None:
            errors.append(INVALID)
        return user

    def _by_connection(self, request: Request) -> User | None:
        """By front proxy, password or certificate: none of these waits for anything."""
        shown, headers = request.certificate, request.headers
        if shown is not None and shown.issuer == PROXY_CA:
            return _proxied(headers)
        if self._basic and headers.get("authorization", "").startswith("Basic "):
            user = self._passwords.get(_decoded(headers["authorization"][6:]))
            if user is not None:
                return user
        if shown is not None and shown.issuer == CLIENT_CA:
            return User(shown.common_name, groups=shown.organizations)
        return None


def behind_cache(authenticators: Sequence[ByToken]) -> ByToken:
    """Token authenticators asked in turn, errors added up; null if none knows the token."""

    async def ask(token: str, audiences: tuple[str, ...]) -> User | None:
        errors: list[str] = []
        for authenticate in authenticators:
            try:
                user = await authenticate(token, audiences)
            except AuthenticationError as error:
                errors.append(str(error))
                continue
            if user is not None:
                return user
        if errors:
            raise AuthenticationError(joined(errors))
        return None

    return ask


def bearer(headers: Mapping[str, str]) -> str | None:
    """The bearer token of a request, from its header or a websocket's protocol; null without one.

    >>> bearer({"authorization": "Bearer abc"}), bearer({"authorization": "Basic abc"})
    ('abc', None)
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip().split(" ")[0]
    for protocol in headers.get("sec-websocket-protocol", "").split(","):
        if protocol.strip().startswith(PROTOCOL):
            return _decoded(protocol.strip().removeprefix(PROTOCOL)) or None
    return None


def joined(errors: Sequence[str]) -> str:
    """Errors as Kubernetes adds them up: each once, in brackets where they are several."""
    different = list(dict.fromkeys(errors))
    return different[0] if len(different) == 1 else f"[{', '.join(different)}]"


def _grouped(user: User) -> User:
    if AUTHENTICATED in user.groups:
        return user
    return user._replace(groups=(*user.groups, AUTHENTICATED))


def _proxied(headers: Mapping[str, str]) -> User | None:
    name = headers.get("x-remote-user", "")
    groups = tuple(filter(None, (part.strip() for part in headers.get("x-remote-group", "").split(","))))
    prefix = "x-remote-extra-"
    extra = {
        unquote(key.removeprefix(prefix)): (value,)
        for key, value in headers.items()
        if key.startswith(prefix)
    }
    return User(name, groups=groups, extra=extra) if name else None


def _decoded(text: str) -> str:
    try:
        return base64.urlsafe_b64decode(text.strip() + "=" * (-len(text.strip()) % 4)).decode(
            "utf-8", "replace"
        )
    except binascii.Error:
        return ""
