"""The token cache: successes for 10 s, failures never; from 1.18 concurrent misses share one look-up.

Keys are token and audiences. To 1.16 the cache has 32 stripes of 128 entries each and forgets what was used least
recently; from 1.17 it has no bound. Source: kubernetes/apiserver pkg/authentication/token/cache 1.12.0 to 1.18.0.
"""

import asyncio
from collections.abc import Awaitable, Callable
from zlib import crc32

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lab.exchange import AuthenticationError, User
from snowpit.mechanism import single_flight, ttl_cache

Key = tuple[str, tuple[str, ...]]
Authenticate = Callable[[str, tuple[str, ...]], Awaitable[User | None]]
Asked = Callable[[bool], None]
"""Told of every question to the cache: whether it was a hit."""

LOST = "context deadline exceeded"
SWEEP = 4096
"""Entries of an unbounded cache from which expired ones are dropped."""


class TokenCache:
    """Remembers what tokens stand for.

    Args:
        plane: Parameters: times to live, stripes, entries, whether misses are shared.
        behind: The authenticators behind it.
        asked: Told of hits and misses.
    """

    def __init__(self, plane: ControlPlane, behind: Authenticate, asked: Asked) -> None:
        self._behind, self._asked = behind, asked
        self._users: dict[Key, User] = {}
        self._expiry: dict[Key, float] = {}
        self._flights: dict[Key, asyncio.Task[User | None]] = {}
        self.waiting = 0
        self.configure(plane)

    def configure(self, plane: ControlPlane) -> None:
        """Take on parameters; what is remembered stays."""
        self._ttl = plane.number("token_cache_success_ttl_s") or 0.0
        self._coalesces = bool(plane.flag("token_cache_coalesces"))
        limit = plane.number("lookup_limit_s") or 0.0
        self._limit = limit if limit > 0.0 else single_flight.LOOKUP_LIMIT_S
        entries = int(plane.number("token_cache_entries") or 0)
        stripes = max(1, int(plane.number("token_cache_stripes") or 1))
        size = entries // stripes if entries > 0 else 0
        self._stripes = [_Stripe(size) for _ in range(stripes)] if size else []

    def fresh(self) -> int:
        """Tokens that would be answered from the cache now."""
        now = asyncio.get_running_loop().time()
        return sum(ttl_cache.fresh(expiry, now) for expiry in self._expiry.values())

    @property
    def fetching(self) -> int:
        """Look-ups under way that callers may share."""
        return len(self._flights)

    async def authenticate(self, token: str, audiences: tuple[str, ...]) -> User | None:
        """Whom a token stands for; null if nobody behind the cache knows it.

        Raises:
            AuthenticationError: If it is refused.
        """
        key = (token, audiences)
        now = asyncio.get_running_loop().time()
        if ttl_cache.fresh(self._expiry.get(key, ttl_cache.NEVER), now):
            self._asked(True)  # noqa: FBT003 - one fact
            self._used(key, now)
            return self._users[key]
        self._asked(False)  # noqa: FBT003
        if self._coalesces:
            return await self._join(key)
        user = await self._behind(token, audiences)
        self._keep(key, user)
        return user

    async def _join(self, key: Key) -> User | None:
        """Wait for the look-up of a key, which goes on when everybody has left."""
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.ensure_future(self._fly(key))
            self._flights[key] = flight
            flight.add_done_callback(_seen)
        self.waiting += 1
        try:
            return await asyncio.shield(flight)
        finally:
            self.waiting -= 1

    async def _fly(self, key: Key) -> User | None:
        try:
            async with asyncio.timeout(self._limit):
                user = await self._behind(*key)
        except TimeoutError:
            raise AuthenticationError(LOST) from None
        finally:
            del self._flights[key]
        self._keep(key, user)
        return user

    def _keep(self, key: Key, user: User | None) -> None:
        now = asyncio.get_running_loop().time()
        if user is None or self._ttl <= 0.0:
            return
        self._expiry[key] = ttl_cache.kept_until(ttl_cache.NEVER, now, self._ttl)
        self._users[key] = user
        if self._stripes:
            self._forget(self._stripe(key).put(key, now))
        elif len(self._expiry) % SWEEP == 0:
            for old in [old for old, expiry in self._expiry.items() if not ttl_cache.fresh(expiry, now)]:
                self._forget(old)

    def _used(self, key: Key, now: float) -> None:
        if self._stripes:
            self._stripe(key).use(key, now)

    def _stripe(self, key: Key) -> "_Stripe":
        hashed = crc32(repr(key).encode())
        return self._stripes[ttl_cache.stripe_of(hashed, len(self._stripes))]

    def _forget(self, key: Key | None) -> None:
        if key is not None:
            self._expiry.pop(key, None)
            self._users.pop(key, None)


class _Stripe:
    """Entries of one stripe, by recency of use."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._used: dict[Key, float] = {}

    def use(self, key: Key, now: float) -> None:
        if key in self._used:
            del self._used[key]
            self._used[key] = now

    def put(self, key: Key, now: float) -> Key | None:
        """Place a key; give the one that has to go for it."""
        self._used.pop(key, None)
        gone = next(iter(self._used)) if len(self._used) >= self._size else None
        if gone is not None:
            del self._used[gone]
        self._used[key] = now
        return gone


def _seen(flight: "asyncio.Task[User | None]") -> None:
    """A look-up may end badly when nobody waits for it any more."""
    if not flight.cancelled():
        flight.exception()
