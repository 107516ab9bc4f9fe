"""A population of clients of the API servers, each a task: closed loops, Poisson arrivals, or calls only when an event asks."""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from itertools import accumulate
from random import Random
from typing import NamedTuple

from snowpit.cluster.workload import Clients, Delay, Tokens
from snowpit.knowledge.version import Version
from snowpit.lab.around import asks
from snowpit.lab.around.caller import Caller, Limiter
from snowpit.lab.around.places import Places
from snowpit.lab.around.tally import Tally
from snowpit.lab.chance import drawer
from snowpit.lab.clock import Clock
from snowpit.lab.storage.latency import pause
from snowpit.lab.wire import Credential, Network, Response

POPULATION = "x-lab-population"


class World(NamedTuple):
    """What all populations share.

    Args:
        network: Carries requests.
        places: Which server each client uses.
        clock: The lab's clock.
        version: Version of the API servers, for paths.
        seed: Seed of all chance.
        bin_s: Width of a bin, s.
    """

    network: Network
    places: Places
    clock: Clock
    version: Version | None
    seed: int
    bin_s: float


class Population:
    """The population.

    Args:
        one: What it does.
        world: What it shares with others.
        credentials: What its clients show, dealt in turn.
        reviewed: Tokens that it puts to review, dealt in turn; empty if it reviews none.
    """

    def __init__(
        self, one: Clients, world: World, credentials: tuple[Credential, ...], reviewed: tuple[str, ...]
    ) -> None:
        self.name, self._world = one.name, world
        self._credentials, self._reviewed = credentials, reviewed
        self.tally = Tally(world.clock, world.bin_s)
        self._chance = Random(f"{world.seed}:{one.name}")  # noqa: S311 - a simulation
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy: set[int] = set()
        self._generation = 0
        self._runs = True
        self.configure(one)
        self._callers = [self._caller() for _ in range(one.count)]
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

    def _caller(self) -> Caller:
        return Caller(
            self.one.retry,
            self._patience,
            Limiter(self.one.qps, self.one.burst),
            tally=self.tally,
            clock=self._world.clock,
            chance=self._chance,
        )

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
        """Call no more; calls that are open go on."""
        self._runs = False
        self._generation += 1

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
        """Every client of a server calls at once, unless a call of its own is open: then it tries again by itself."""
        if not self.one.reconnects or not self._runs:
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

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _loop(self, client: int, first_s: float, generation: int) -> None:
        await asyncio.sleep(max(0.0, self.one.start_s - self._world.clock.now()) + first_s)
        while generation == self._generation:
            self._busy.add(client)
            await self._callers[client].call(lambda: self._send(client))
            self._busy.discard(client)
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
        await self._callers[client].call(lambda: self._send(client))

    async def _send(self, client: int) -> Response:
        """One attempt, with its way there and back."""
        world, one = self._world, self.one
        if self._reviewed:
            token = self._reviewed[
                shared(one.reviewed or one.tokens, client, one.count) % len(self._reviewed)
            ]
            asked = asks.token_review(token, _reviews(world.version))
        else:
            asked = asks.ask(self._operation, client, world.version)
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
