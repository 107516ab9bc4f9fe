"""The AWS back-off simulator: clients that contend for one row under optimistic locking.

Theory of operation. Each client reads the row's version and writes it back; a write succeeds only if nobody
wrote in between, then that client is done. Otherwise it backs off and reads again. Each of the three legs (request to
read, answer with the version, write; and the answer to the write) takes |N(10, 2)| ms. The run ends when the
last client is done. Work is the number of writes tried.

Source: github.com/aws-samples/aws-arch-backoff-simulator, src/backoff_simulator.py; Brooker, Exponential
backoff and jitter, AWS Architecture Blog, 2015. The unit of time is a millisecond there.
"""

from heapq import heapify, heappop, heappush
from statistics import NormalDist
from typing import NamedTuple

from snowpit.cluster.scenario import Scenario
from snowpit.mechanism.backoff import decorrelated_jitter, equal_jitter, full_jitter, grown
from snowpit.mechanism.queueing import require, require_positive
from snowpit.model.sample import Run
from snowpit.simulate.engine.chance import JITTER, NETWORK, key_of, uniform
from snowpit.simulate.published.settings import one_of, settings
from snowpit.simulate.published.tally import Tally

LAWS = ("exponential", "decorrelated", "equal_jitter", "full_jitter", "none")
READ, SEEN, WRITE, TOLD = range(4)
LEGS = 4
STANDARD = NormalDist()


class Backoff(NamedTuple):
    """Parameters.

    Args:
        law: One of ``LAWS``.
        clients: Contending clients.
        base_s: Base of the law; the first delay is drawn from twice of it.
        cap_s: Longest delay.
        network_s: Mean of the normal law behind a leg's delay.
        network_deviation_s: Its standard deviation.
    """

    law: str = "full_jitter"
    clients: int = 100
    base_s: float = 0.005
    cap_s: float = 2.0
    network_s: float = 0.010
    network_deviation_s: float = 0.002


def pause(model: Backoff, failures: int, previous: float, u: float) -> float:
    """Back-off after that many failed writes, s.

    Args:
        model: Law, base and cap.
        failures: Failed writes so far.
        previous: The pause before, ``base_s`` at first.
        u: Uniform number in (0, 1).
    """
    if model.law == "exponential":
        return grown(model.base_s, 2.0, model.cap_s, failures + 1)
    if model.law == "decorrelated":
        return decorrelated_jitter(model.base_s, model.cap_s, previous, u)
    if model.law == "equal_jitter":
        return equal_jitter(model.base_s, model.cap_s, failures + 1, u)
    if model.law == "full_jitter":
        return full_jitter(model.base_s, model.cap_s, failures + 1, u)
    return 0.0


class _Row:
    """State of one run: the version of the row, and what each client has seen of it."""

    def __init__(self, model: Backoff, scenario: Scenario, seed: int) -> None:
        self.model = model
        self.tally = Tally(scenario)
        self.keys = [key_of(seed, client + 1) for client in range(model.clients)]
        self.version = 0
        self.seen = [0] * model.clients
        self.won = [False] * model.clients
        self.failures = [0] * model.clients
        self.paused = [model.base_s] * model.clients
        self.calls = 0
        self.done = 0

    def leg(self, client: int, step: int) -> float:
        """Delay of the leg that ends in ``step``, s."""
        u = uniform(self.keys[client], NETWORK, self.failures[client] * LEGS + step)
        return abs(self.model.network_s + self.model.network_deviation_s * STANDARD.inv_cdf(u))

    def write(self, now: float, client: int) -> None:
        """The server compares versions."""
        self.calls += 1
        self.won[client] = self.seen[client] == self.version
        self.version += self.won[client]
        self.tally.client("attempts", now)
        self.tally.server("offered", now)
        self.tally.server("answered" if self.won[client] else "wasted", now)

    def back_off(self, client: int) -> float:
        """Pause after a lost write, s."""
        self.failures[client] += 1
        u = uniform(self.keys[client], JITTER, self.failures[client])
        self.paused[client] = pause(self.model, self.failures[client], self.paused[client], u)
        return self.paused[client]

    def step(self, now: float, step: int, client: int) -> float:
        """What a client does at the end of a leg, and how long until its next one begins; below zero at its end."""
        if step == READ:
            self.seen[client] = self.version
        elif step == WRITE:
            self.write(now, client)
        elif step == TOLD and self.won[client]:
            self.done += 1
            self.tally.client("goodput", now)
            self.tally.client("sojourn_s", now, now)
            return -1.0
        elif step == TOLD:
            return self.back_off(client)
        return 0.0


def _play(row: _Row, horizon: float) -> tuple[float, int]:
    """Run to the last client's end or the horizon: time reached, events."""
    agenda = [(row.leg(client, READ), client, READ) for client in range(row.model.clients)]
    heapify(agenda)
    now, events = 0.0, 0
    while agenda and agenda[0][0] <= horizon:
        now, client, step = heappop(agenda)
        events += 1
        wait = row.step(now, step, client)
        if wait >= 0.0:
            following = (step + 1) % LEGS
            heappush(agenda, (now + wait + row.leg(client, following), client, following))
    return now, events


def run(scenario: Scenario, *, seed: int) -> Run:
    """One run of the back-off simulator.

    Args:
        scenario: Parameters as in ``Backoff``; a horizon that the slowest law does not reach (300 s for 200 clients).
        seed: Seed.

    Returns:
        Series, and ``completion_s`` (when the last client is done), ``calls`` (writes tried), ``done`` (clients
        that got through before the horizon).
    """
    model = settings(scenario, Backoff())
    one_of("law", model.law, LAWS)
    require_positive(clients=model.clients, base_s=model.base_s, cap_s=model.cap_s, network_s=model.network_s)
    require(network_deviation_s=model.network_deviation_s)
    row = _Row(model, scenario, seed)
    row.tally.client("calls", 0.0, model.clients)
    ended, events = _play(row, scenario.horizon_s)
    return Run(
        seed=seed,
        ended_s=ended,
        overflow="",
        samples=row.tally.samples(),
        markers=(),
        events=events,
        counts={"completion_s": ended, "calls": float(row.calls), "done": float(row.done)},
    )
