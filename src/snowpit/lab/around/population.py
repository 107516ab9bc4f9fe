"""A population of clients of the API servers, each a task: closed loops, Poisson arrivals, or calls only when an event asks.

Where the operation is a watch, each client is an informer, and a call starts it: it lists and watches until it is started anew.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from itertools import accumulate
from random import Random
from typing import Protocol

from snowpit.cluster.workload import Clients, Delay, Tokens
from snowpit.knowledge.version import Version
from snowpit.lab.around import asks
from snowpit.lab.around.caller import Caller, Heard, Limiter, Outcome
from snowpit.lab.around.informers import Informer, laws
from snowpit.lab.around.tally import Tally
from snowpit.lab.around.world import POPULATION, World
from snowpit.lab.chance import drawer
from snowpit.lab.storage.latency import pause
from snowpit.lab.wire import Credential, Response


class Listener(Protocol):
    """Who hears of the calls of a population."""

    def attempted(self, client: int, asked: asks.Ask, outcome: Outcome) -> None:
        """An attempt of a client has ended."""

    def given_up(self, client: int) -> None:
        """A call of a client has failed with all its attempts."""


class Population:
    """The population.

    Args:
        one: What it does.
        world: What it shares with others.
        credentials: What its clients show, dealt in turn.
        reviewed: Tokens that it puts to review, dealt in turn; empty if it reviews none.
        listener: Told of what becomes of calls; null if nobody listens.
    """

    def __init__(
        self,
        one: Clients,
        world: World,
        credentials: tuple[Credential, ...],
        reviewed: tuple[str, ...],
        *,
        listener: Listener | None = None,
    ) -> None:
        self.name, self._world, self._listener = one.name, world, listener
        self._credentials, self._reviewed = credentials, reviewed
        self.tally = Tally(world.clock, world.bin_s)
        self._chance = Random(f"{world.seed}:{one.name}")  # noqa: S311 - a simulation
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy: set[int] = set()
        self._informers: dict[int, asyncio.Task[None]] = {}
        self._generation = 0
        self._runs = True
        self.configure(one)
        self._callers = [self._caller(client) for client in range(one.count)]
        self._dealt = [shared(one.tokens, i, one.count) for i in range(one.count)]

    def configure(self, one: Clients) -> None:
        """Take on what the scenario now says; the number of clients stays."""
        self.one = one
        self._operation = replace(one.operation, service=Delay())
        """What is asked for, whatever it takes: the key of requests that are kept."""
        stream = f"{self._world.seed}:{one.name}"
        self._think = drawer(one.think, f"{stream}:think")
        self._network = drawer(one.network, f"{stream}:network")
        self._patience = drawer(one.patience, f"{stream}:patience")
        for caller in getattr(self, "_callers", ()):
            caller.patience = self._patience

    @property
    def informs(self) -> bool:
        """Whether its clients are informers."""
        return self.one.operation.verb == "watch" and self.one.reviewed is None

    def _caller(self, client: int, *, limited: bool = True) -> Caller:
        """How a client calls; an informer, as it begins anew by itself, repeats only what it is told to repeat."""
        once = replace(self.one.retry, steps=1, inner_tries=self.one.retry.inner_tries if limited else 1)
        return Caller(
            once if self.informs else self.one.retry,
            self._patience,
            Limiter(self.one.qps if limited else 0.0, self.one.burst),
            tally=self.tally,
            clock=self._world.clock,
            chance=self._chance,
            heard=self._heard(client),
        )

    def _heard(self, client: int) -> Heard | None:
        """Who is told of the attempts of a client."""
        listener = self._listener
        if listener is None or self.informs:
            return None
        return lambda outcome: listener.attempted(client, self._asked(client), outcome)

    def start(self) -> None:
        """Begin to call, or go on."""
        self._runs = True
        self._generation += 1
        if self.one.arrivals == "open" and self.one.rate_per_s > 0.0:
            self._spawn(self._arrivals(self._generation))
        if self.one.arrivals == "closed":
            for client in range(self.one.count):
                self._spawn(self._loop(client, self._first(), self._generation))

    def stop(self) -> None:
        """Call no more; calls that are open go on, watches end."""
        self._runs = False
        self._generation += 1
        for task in self._informers.values():
            task.cancel()
        self._informers.clear()

    async def close(self) -> None:
        """Drop everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def burst(self, requests: int, spread_s: float, server: int | None) -> None:
        """Extra calls, from the clients in turn."""
        places = self._world.places
        who = [i for i in range(self.one.count) if server is None or places.server(i) == server]
        for number in range(requests if who else 0):
            self._spawn(self._later(who[number % len(who)], spread_s * self._chance.random()))

    def reconnect(self, server: int, spread_s: float) -> None:
        """Every client of a server calls at once, unless a call or watch of its own is open: then it tries again by itself."""
        if not self.one.reconnects or not self._runs or self.informs:
            return
        for client in range(self.one.count):
            if self._world.places.server(client) == server and client not in self._busy:
                self._spawn(self._later(client, spread_s * self._chance.random()))

    def _first(self) -> float:
        """When a client of a closed loop calls first, s from now."""
        if self.one.phase == "at_once":
            return 0.0
        if self.one.phase == "think":
            return self._think()
        return self._chance.random() * self.one.think.mean_s

    def _spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _loop(self, client: int, first_s: float, generation: int) -> None:
        await asyncio.sleep(max(0.0, self.one.start_s - self._world.clock.now()) + first_s)
        while generation == self._generation:
            self._busy.add(client)
            await self._call(client)
            self._busy.discard(client)
            if self.informs:
                return
            await asyncio.sleep(self._think())

    async def _arrivals(self, generation: int) -> None:
        await asyncio.sleep(max(0.0, self.one.start_s - self._world.clock.now()))
        while True:
            await asyncio.sleep(self._chance.expovariate(self.one.rate_per_s))
            if generation != self._generation:
                return
            self._spawn(self._later(self._chance.randrange(self.one.count), 0.0))

    async def _later(self, client: int, after_s: float) -> None:
        await pause(after_s)
        await self._call(client)

    async def _call(self, client: int) -> None:
        """One call; of an informer its start, and the end of its former self."""
        if not self.informs:
            found = await self._callers[client].call(lambda: self._send(client, self._asked(client)))
            if found is None and self._listener is not None:
                self._listener.given_up(client)
            return
        former = self._informers.pop(client, None)
        if former is not None:
            former.cancel()
        self._informers[client] = self._spawn(self._informer(client).run())

    def _informer(self, client: int) -> Informer:
        listing = asks.ask(replace(self._operation, verb="list"), client, self._world.version)
        return Informer(
            lambda query: self._send(client, listing._replace(target=f"{listing.target}?{query}")),
            self._callers[client],
            self._caller(client, limited=False),
            laws=laws(self._world.version),
            clock=self._world.clock,
            chance=self._chance,
            selector=asks.own(self.one, client),
        )

    def _asked(self, client: int) -> asks.Ask:
        """What a call of a client asks for."""
        one = self.one
        if not self._reviewed:
            return asks.ask(self._operation, client, self._world.version)
        number = shared(one.reviewed or one.tokens, client, one.count)
        token = self._reviewed[number % len(self._reviewed)]
        return asks.token_review(token, _reviews(self._world.version))

    async def _send(self, client: int, asked: asks.Ask) -> Response:
        """One attempt, with its way there and back."""
        world = self._world
        await pause(self._network())
        response = await world.network.send(
            world.places.address(client),
            asked.method,
            asked.target,
            credential=self.credential(client),
            headers=self._headers(asked.content),
            body=asked.body,
        )
        await pause(self._network())
        return response

    def credential(self, client: int) -> Credential:
        """What a client shows."""
        per_client = self.one.tokens.credential in ("certificate", "masters", "front_proxy")
        number = client if per_client else self._dealt[client]
        return self._credentials[number % len(self._credentials)]

    def _headers(self, content: str) -> Mapping[str, str]:
        found = {"user-agent": self.one.user_agent, POPULATION: self.name}
        return found | {"content-type": content} if content else found


def _reviews(version: Version | None) -> str:
    return "v1" if version is None or version.at_least("1.17.0") else "v1beta1"


def shared(tokens: Tokens, client: int, count: int) -> int:
    """The token of a client: dealt in turn, so that each token gets its share as nearly as can be."""
    law, _, exponent = tokens.weights.partition(":")
    if law != "zipf":
        return client % tokens.count
    shares = list(accumulate(rank ** -float(exponent or 1.0) for rank in range(1, tokens.count + 1)))
    mark = (client + 0.5) / count * shares[-1]
    return next((place for place, edge in enumerate(shares) if mark <= edge), tokens.count - 1)
