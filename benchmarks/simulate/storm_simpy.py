"""The model of ``model.md`` as one would write it for SimPy.

There is a process for every kubelet, heartbeat, client, request and look-up.

    python benchmarks/simulate/storm_simpy.py --nodes 1000 --clients 1400 --tokens 100 --horizon 600
"""

import argparse
import json
import math
import random
import time
from collections import Counter
from collections.abc import Generator

import simpy
from simpy.events import Event

Process = Generator[Event, object, None]
Asking = Generator[Event, object, bool]


class Server:
    """One API server: seats, token cache, and the FIFO bucket of its loopback client."""

    def __init__(self, storm: "Storm") -> None:
        self.storm = storm
        self.mutating = 0
        self.readonly = 0
        self.expiry: dict[int, float] = {}
        self.due = -math.inf

    def fresh(self, token: int) -> bool:
        """Whether the token cache answers; counts the hit or miss."""
        hit = self.storm.env.now < self.expiry.get(token, -math.inf)
        self.storm.totals["cache_hits" if hit else "cache_misses"] += 1
        return bool(hit)

    def reserve(self) -> float:
        """Take one token of the bucket for good and give the wait for it, s."""
        now = self.storm.env.now
        act = max(self.due, now - 99.0 / 50.0)
        self.due = act + 1.0 / 50.0
        return float(max(0.0, act - now))

    def let_pass(self) -> Process:
        """A look-up of one read that nobody waits for."""
        yield self.storm.env.timeout(self.reserve())
        self.storm.totals["loopback_reads"] += 1
        self.storm.totals["lookups"] += 1

    def look_up(self, token: int) -> Process:
        """Two reads through the bucket; then the token is fresh for 10 s."""
        for _ in range(2):
            yield self.storm.env.timeout(self.reserve())
            self.storm.totals["loopback_reads"] += 1
            yield self.storm.env.timeout(self.storm.service(0.0022))
        self.expiry[token] = self.storm.env.now + 10.0
        self.storm.totals["lookups"] += 1

    def review(self) -> Asking:
        """POST a TokenReview; gives whether it was answered 201 (else 429 or 504)."""
        storm = self.storm
        storm.totals["offered"] += 1
        storm.totals["reviews.attempts"] += 1
        if self.mutating >= storm.seats:
            storm.totals["rejected"] += 1
            storm.totals["reviews.refusals"] += 1
            raise ConnectionRefusedError
        self.mutating += 1
        if not self.fresh(storm.tokens):
            limit = storm.env.timeout(30.0)
            yield storm.env.process(self.look_up(storm.tokens)) | limit
            if limit.processed:
                self.mutating -= 1
                storm.totals["reviews.timeouts"] += 1
                return False
        yield storm.env.timeout(storm.service(0.001))
        self.mutating -= 1
        storm.totals["answered"] += 1
        return True

    def handle_get(self, token: int) -> Process:
        """GET with a ServiceAccount token: authentication, a seat, 8 ms; runs to its end whether or not its client waits."""
        storm = self.storm
        storm.totals["offered"] += 1
        if not self.fresh(token):
            yield storm.env.process(self.look_up(token))
        if self.readonly >= 400:
            storm.totals["rejected"] += 1
            raise ConnectionRefusedError
        self.readonly += 1
        yield storm.env.timeout(storm.service(0.008))
        self.readonly -= 1


class Storm:
    """Everything that happens, and how often."""

    def __init__(self, setup: argparse.Namespace) -> None:
        self.env = simpy.Environment()
        self.random = random.Random(setup.seed)
        self.seats: int = setup.seats
        self.tokens: int = setup.tokens
        self.totals: Counter[str] = Counter()
        self.servers = [Server(self) for _ in range(setup.servers)]
        spread = min(0.008 * setup.nodes, 4.0)
        for i in range(setup.nodes):
            server = self.servers[i % setup.servers]
            self.env.process(self.kubelet(server, spread))
            self.env.process(self.heartbeats(server))
        for j in range(setup.clients):
            self.env.process(self.client(self.servers[j % setup.servers], j % setup.tokens))
        if setup.burst or setup.backlog:
            self.env.process(self.trigger(setup))

    def service(self, mean: float) -> float:
        """Lognormal, sigma 0.5, s."""
        return self.random.lognormvariate(math.log(mean) - 0.125, 0.5)

    def kubelet(self, server: Server, spread: float) -> Process:
        """A kubelet asked once a round."""
        memory = [-math.inf]
        limiter = [-math.inf]
        for scrapes in range(10**9):
            yield self.env.timeout(60.0 * scrapes + spread * self.random.random() - self.env.now)
            self.totals["scrapes"] += 1
            if self.env.now >= memory[0]:
                self.env.process(self.token_review(server, memory, limiter))

    def token_review(self, server: Server, memory: list[float], limiter: list[float]) -> Process:
        """A call of the kubelet with its two layers of retries."""
        self.totals["reviews.calls"] += 1
        for failures in range(5):
            if failures:
                law = 0.5 * 1.5 ** (failures - 1)
                yield self.env.timeout(law * (1.0 + 0.2 * self.random.random()))
            for tries in range(10):
                if tries:
                    yield self.env.timeout(1.0)
                act = max(limiter[0], self.env.now - 9.0 / 5.0)
                limiter[0] = act + 1.0 / 5.0
                if act > self.env.now:
                    yield self.env.timeout(act - self.env.now)
                try:
                    accepted = yield from server.review()
                except ConnectionRefusedError:
                    continue
                if accepted:
                    memory[0] = self.env.now + 120.0
                    self.totals["reviews.goodput"] += 1
                    return
                break
        self.totals["reviews.failed"] += 1

    def heartbeats(self, server: Server) -> Process:
        """A kubelet's PATCHes of its status."""
        yield self.env.timeout(10.0 * self.random.random())
        while True:
            self.totals["heartbeats.calls"] += 1
            fate = "failed"
            for tries in range(50):
                if tries % 10:
                    yield self.env.timeout(1.0)
                self.totals["offered"] += 1
                self.totals["heartbeats.attempts"] += 1
                if server.mutating < self.seats:
                    server.mutating += 1
                    yield self.env.timeout(self.service(0.008))
                    server.mutating -= 1
                    self.totals["answered"] += 1
                    fate = "goodput"
                    break
                self.totals["rejected"] += 1
                self.totals["heartbeats.refusals"] += 1
            self.totals[f"heartbeats.{fate}"] += 1
            yield self.env.timeout(10.0)

    def client(self, server: Server, token: int) -> Process:
        """A ServiceAccount client: think, call, think."""
        yield self.env.timeout(20.0 * self.random.random())
        while True:
            yield from self.call(server, token)
            yield self.env.timeout(self.random.expovariate(1.0 / 20.0))

    def call(self, server: Server, token: int) -> Process:
        """Try until it succeeds: 30 s of patience a try, 1 s of rest after a failure."""
        self.totals["apps.calls"] += 1
        while True:
            self.totals["apps.attempts"] += 1
            asked = self.env.process(server.handle_get(token))
            patience = self.env.timeout(30.0)
            try:
                yield asked | patience
            except ConnectionRefusedError:
                self.totals["apps.refusals"] += 1
            else:
                if asked.processed:
                    break
                asked.callbacks.append(self.waste)
                self.totals["apps.timeouts"] += 1
            yield self.env.timeout(1.0)
        self.totals["answered"] += 1
        self.totals["apps.goodput"] += 1

    def waste(self, ended: Event) -> None:
        """A request ended after its client had gone."""
        self.totals["wasted"] += 1
        ended.defused = True

    def trigger(self, setup: argparse.Namespace) -> Process:
        """Stalls the buckets and lets the extra calls come."""
        yield self.env.timeout(600.0)
        for server in self.servers:
            for _ in range(setup.backlog):
                self.env.process(server.let_pass())
        for j in range(setup.burst):
            self.env.process(
                self.late_call(
                    self.servers[j % setup.clients % setup.servers], j % setup.clients % setup.tokens
                )
            )

    def late_call(self, server: Server, token: int) -> Process:
        """One extra call within a second."""
        yield self.env.timeout(self.random.random())
        yield from self.call(server, token)


def main() -> None:
    """Print one JSON object per run."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (
        ("nodes", 1000),
        ("servers", 1),
        ("clients", 1400),
        ("tokens", 100),
        ("seats", 1000),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    for name, default in (("burst", 0), ("backlog", 0), ("seed", 1), ("runs", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--horizon", type=float, default=3600.0)
    setup = parser.parse_args()
    for seed in range(setup.seed, setup.seed + setup.runs):
        setup.seed = seed
        start = time.process_time()
        storm = Storm(setup)
        storm.env.run(until=setup.horizon)
        cpu_s = time.process_time() - start
        print(json.dumps({"seed": seed, "cpu_s": cpu_s, "totals": storm.totals}), flush=True)


if __name__ == "__main__":
    main()
