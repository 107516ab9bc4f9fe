"""How a kubelet finds out who asks, and whether they may: reviews by the API server, and answers kept by its version's rules.

To 1.17 every scrape that misses asks for itself, and the scraper's giving up cancels nothing. Source: kubernetes
cmd/kubelet/app/auth.go; kubernetes/apiserver plugin/pkg/{authenticator/token,authorizer}/webhook 1.12.0 to 1.28.0.
"""

import asyncio
from collections.abc import Callable
from random import Random

import msgspec

from snowpit.cluster.workload import Kubelets
from snowpit.knowledge.version import Version
from snowpit.lab.around import asks
from snowpit.lab.around.attempts import Attempt, error
from snowpit.lab.around.caller import Caller, Limiter, Outcome
from snowpit.lab.around.kubelet_log import KubeletLog
from snowpit.lab.around.kubelet_metrics import KubeletMetrics
from snowpit.lab.around.tally import Tally
from snowpit.lab.around.world import POPULATION, World
from snowpit.lab.authentication.chain import bearer
from snowpit.lab.exchange import User
from snowpit.lab.wire import Credential, Request, Response
from snowpit.mechanism.ttl_cache import fresh

REFUSED_S = 30.0
"""How long a refusal of access is kept (``authorization.webhook.cacheUnauthorizedTTL``)."""

INVALID = "invalid bearer token"
SCRAPERS = "scrapers"
Tallies = Callable[[str], Tally]
"""The tally of a population by name."""


class Reviews:
    """Reviews of one kubelet.

    Args:
        node: Number of the kubelet.
        laws: Caches, retries and limits of its version.
        world: What it shares with others.
        credential: What it shows to the API server.
        tallies: Where its reviews are counted.
        api: Version of the review API that it uses.
        version: The kubelet's version.
        log: Its log.
        metrics: Its counts.
    """

    def __init__(
        self,
        node: int,
        laws: Kubelets,
        world: World,
        *,
        credential: Credential,
        tallies: Tallies,
        api: str,
        version: Version,
        log: KubeletLog,
        metrics: KubeletMetrics,
    ) -> None:
        self._node, self._laws, self._world = node, laws, world
        self._credential, self._tallies, self._api = credential, tallies, api
        self._version, self._log, self._metrics = version, log, metrics
        self._limiter = Limiter(laws.qps, laws.burst)
        self._chance = Random(f"{world.seed}:kubelet:{node}")  # noqa: S311 - a simulation
        self._known: dict[str, tuple[float, User | None]] = {}
        self._decided: dict[tuple[str, str, str], tuple[float, bool]] = {}
        self._flights: dict[str, asyncio.Task[tuple[User | None, str]]] = {}

    def warm(self, token: str, user: User, subresource: str, *, known: float, allowed: float) -> None:
        """Fill the caches as after many rounds: until when (s on the loop's clock) each is kept."""
        self._known[token] = (known, user)
        self._decided[user.name, "get", subresource] = (allowed, True)

    async def who(self, request: Request) -> tuple[User | None, str]:
        """Who asks, by certificate or by a reviewed token; null if nobody knows, and why if a token was shown."""
        shown = request.certificate
        if shown is not None:
            return User(shown.common_name, groups=shown.organizations), ""
        token = bearer(request.headers)
        if token is None:
            return None, ""
        until, user = self._known.get(token, (float("-inf"), None))
        hit = fresh(until, asyncio.get_running_loop().time())
        self._metrics.asked_cache(hit=hit)
        if hit:
            return user, "" if user else INVALID
        scraper = request.headers.get(POPULATION, SCRAPERS)
        if not self._laws.coalesces:
            return await asyncio.shield(asyncio.ensure_future(self._review(token, scraper)))
        flight = self._flights.get(token)
        if flight is None:
            flight = asyncio.ensure_future(self._review(token, scraper))
            self._flights[token] = flight
            flight.add_done_callback(lambda _: self._flights.pop(token, None))
        return await asyncio.shield(flight)

    async def _review(self, token: str, scraper: str) -> tuple[User | None, str]:
        """Ask the API server; it goes on though the scraper has given up."""
        response, why = await self._call(f"{scraper}/tokenreviews", asks.token_review(token, self._api))
        if response is None:
            self._log.review_failed(why)
            return None, why
        status = msgspec.json.decode(response.body, type=dict).get("status") or {}
        found = status.get("user") or {}
        now = asyncio.get_running_loop().time()
        if status.get("authenticated") is True:
            user = User(found.get("username", ""), found.get("uid", ""), tuple(found.get("groups") or ()))
            self._known[token] = (now + self._laws.ok_ttl_s, user)
            return user, ""
        told = "" if self._laws.keeps_errors else str(status.get("error") or "")
        if not told:
            self._known[token] = (now + self._laws.failed_ttl_s, None)
        return None, told or INVALID

    async def may(self, request: Request, user: User, verb: str, subresource: str) -> tuple[bool | None, str]:
        """Whether a user may do that; null if the API server does not say, and why not."""
        key = (user.name, verb, subresource)
        until, allowed = self._decided.get(key, (float("-inf"), False))
        if fresh(until, asyncio.get_running_loop().time()):
            return allowed, ""
        asked = asks.access_review(
            user.name, user.groups, subresource, f"node-{self._node}", version=self._api, verb=verb
        )
        scraper = request.headers.get(POPULATION, SCRAPERS)
        response, why = await self._call(f"{scraper}/subjectaccessreviews", asked)
        if response is None:
            self._log.access_failed(why)
            return None, why
        status = msgspec.json.decode(response.body, type=dict).get("status") or {}
        allowed = status.get("allowed") is True
        kept = self._laws.allowed_ttl_s if allowed else REFUSED_S
        self._decided[key] = (asyncio.get_running_loop().time() + kept, allowed)
        return allowed, ""

    async def _call(self, population: str, asked: asks.Ask) -> tuple[Response | None, str]:
        """The good answer, or null and the last error."""
        errors = [""]

        def heard(outcome: Outcome) -> None:
            attempt = Attempt(asked, self._world.places.address(self._node), outcome)
            self._metrics.attempted(attempt)
            errors[0] = error(attempt, self._version) if outcome.end else ""

        caller = Caller(
            self._laws.retry,
            lambda: float("inf"),
            self._limiter,
            tally=self._tallies(population),
            clock=self._world.clock,
            chance=self._chance,
            heard=heard,
        )
        headers = {"user-agent": self._laws.user_agent, "content-type": asked.content, POPULATION: population}
        response = await caller.call(
            lambda: self._world.network.send(
                self._world.places.address(self._node),
                asked.method,
                asked.target,
                credential=self._credential,
                headers=headers,
                body=asked.body,
            )
        )
        return response, errors[0]
