"""Kubelets: each serves its metrics on an address of its own, and asks the API server who is asking, and whether they may.

To 1.17 every scrape that misses asks for itself, and the scraper's giving up cancels nothing. Answers are kept by the rules of
the version. Source: kubernetes pkg/kubelet/server/{auth,server}.go, cmd/kubelet/app/auth.go; apiserver
plugin/pkg/{authenticator/token,authorizer}/webhook 1.12.0 to 1.28.0.
"""

import asyncio
from collections.abc import Callable
from random import Random

import msgspec

from snowpit.cluster.workload import Kubelets
from snowpit.lab.around import asks
from snowpit.lab.around.caller import Caller, Limiter
from snowpit.lab.around.population import POPULATION, World
from snowpit.lab.around.tally import Tally
from snowpit.lab.authentication.chain import bearer
from snowpit.lab.exchange import User
from snowpit.lab.wire import Credential, Request, Response
from snowpit.mechanism.ttl_cache import fresh

TEXT = {"Content-Type": "text/plain; charset=utf-8"}
PORT = 10250
SUBRESOURCES = {"/stats": "stats", "/metrics": "metrics", "/logs": "log", "/spec": "spec"}
Tallies = Callable[[str], Tally]
"""The tally of a population by name."""


def address(node: int) -> str:
    """Where a kubelet listens.

    >>> address(0), address(300)
    ('127.16.0.1:10250', '127.16.1.51:10250')
    """
    return f"127.{16 + node // 62_500}.{node // 250 % 250}.{node % 250 + 1}:{PORT}"


class Kubelet:
    """One kubelet.

    Args:
        node: Its number.
        laws: Caches, retries and limits of its version.
        world: What it shares with others.
        credential: What it shows to the API server.
        tallies: Where its reviews are counted.
        version: Version of the review API that it uses.
    """

    def __init__(
        self,
        node: int,
        laws: Kubelets,
        world: World,
        *,
        credential: Credential,
        tallies: Tallies,
        version: str,
    ) -> None:
        self._node, self._laws, self._world = node, laws, world
        self._credential, self._tallies, self._version = credential, tallies, version
        self._limiter = Limiter(laws.qps, laws.burst)
        self._chance = Random(f"{world.seed}:kubelet:{node}")  # noqa: S311 - a simulation
        self._known: dict[str, tuple[float, User | None]] = {}
        self._allowed: dict[tuple[str, str], float] = {}
        self._flights: dict[str, asyncio.Task[User | None]] = {}

    def warm(self, token: str, user: User, subresource: str, *, known: float, allowed: float) -> None:
        """Fill the caches as after many rounds: until when (s on the loop's clock) each is kept."""
        self._known[token] = (known, user)
        self._allowed[user.name, subresource] = allowed

    async def handle(self, request: Request) -> Response:
        """Answer a scrape."""
        if request.path == "/healthz":
            return Response(200, TEXT, b"ok")
        user = await self._who(request)
        if user is None:
            return Response(401, TEXT, b"Unauthorized")
        subresource = next(
            (sub for path, sub in SUBRESOURCES.items() if request.path.startswith(path)), "proxy"
        )
        may = await self._may(request, user, subresource) if self._laws.authorizes else True
        if not may:
            what = f"(user={user.name}, verb=get, resource=nodes, subresource={subresource})"
            if may is None:
                return Response(500, TEXT, f"Authorization error {what}".encode())
            return Response(403, TEXT, f"Forbidden {what}".encode())
        return Response(200, {"Content-Type": "application/json"}, self._stats())

    async def _who(self, request: Request) -> User | None:
        """Who asks, by certificate or by a reviewed token; null if nobody knows."""
        shown = request.certificate
        if shown is not None:
            return User(shown.common_name, groups=shown.organizations)
        token = bearer(request.headers)
        if token is None:
            return None
        until, user = self._known.get(token, (float("-inf"), None))
        if fresh(until, asyncio.get_running_loop().time()):
            return user
        scraper = request.headers.get(POPULATION, "scrapers")
        if not self._laws.coalesces:
            return await asyncio.shield(asyncio.ensure_future(self._review(token, scraper)))
        flight = self._flights.get(token)
        if flight is None:
            flight = asyncio.ensure_future(self._review(token, scraper))
            self._flights[token] = flight
            flight.add_done_callback(lambda _: self._flights.pop(token, None))
        return await asyncio.shield(flight)

    async def _review(self, token: str, scraper: str) -> User | None:
        """Ask the API server; it goes on though the scraper has given up."""
        response = await self._call(f"{scraper}/tokenreviews", asks.token_review(token, self._version))
        if response is None:
            return None
        status = msgspec.json.decode(response.body, type=dict).get("status") or {}
        found = status.get("user") or {}
        now = asyncio.get_running_loop().time()
        if status.get("authenticated") is True:
            user = User(found.get("username", ""), found.get("uid", ""), tuple(found.get("groups") or ()))
            self._known[token] = (now + self._laws.ok_ttl_s, user)
            return user
        if self._laws.keeps_errors or not status.get("error"):
            self._known[token] = (now + self._laws.failed_ttl_s, None)
        return None

    async def _may(self, request: Request, user: User, subresource: str) -> bool | None:
        """Whether a user may get that; null if the API server does not say."""
        key = (user.name, subresource)
        if fresh(self._allowed.get(key, float("-inf")), asyncio.get_running_loop().time()):
            return True
        asked = asks.access_review(
            user.name, user.groups, subresource, f"node-{self._node}", version=self._version
        )
        scraper = request.headers.get(POPULATION, "scrapers")
        response = await self._call(f"{scraper}/subjectaccessreviews", asked)
        if response is None:
            return None
        status = msgspec.json.decode(response.body, type=dict).get("status") or {}
        if status.get("allowed") is True:
            self._allowed[key] = asyncio.get_running_loop().time() + self._laws.allowed_ttl_s
            return True
        return False

    async def _call(self, population: str, asked: asks.Ask) -> Response | None:
        caller = Caller(
            self._laws.retry,
            lambda: float("inf"),
            self._limiter,
            tally=self._tallies(population),
            clock=self._world.clock,
            chance=self._chance,
        )
        headers = {"user-agent": self._laws.user_agent, "content-type": asked.content, POPULATION: population}
        return await caller.call(
            lambda: self._world.network.send(
                self._world.places.address(self._node),
                asked.method,
                asked.target,
                credential=self._credential,
                headers=headers,
                body=asked.body,
            )
        )

    def _stats(self) -> bytes:
        return msgspec.json.encode(
            {"node": {"nodeName": f"node-{self._node}", "cpu": {"usageNanoCores": 1}}, "pods": []}
        )
