"""The stability-sim examples: clients with timeouts and retries before stations that degrade.

Theory of operation. A call becomes an attempt; an attempt *enters* (balancer, cache, queue), *begins* (asks for a slot) and
is *replied* to. Steps that take no time are events too, taken in the order they were planned, so that a reply frees
the queue before its client retries. A client that has waited ``timeout_s`` retries at once; the attempt it left
is served all the same, and still fills the cache.

Source: github.com/marcbrooker/stability-sim, src/engine.
"""

from heapq import heappop, heappush
from math import log

from snowpit.cluster.scenario import Scenario
from snowpit.mechanism.retry_budget import earn, spend
from snowpit.simulate.engine.chance import GAP, SERVICE, TOKEN, key_of, uniform
from snowpit.simulate.published.stability_examples import Example
from snowpit.simulate.published.stability_parts import REFUSED, STARTS, Cache, Station, balanced
from snowpit.simulate.published.tally import Tally

CALL, ENTER, BEGIN, LEAVE, FAIL, TIMEOUT, TRIGGER, RELIEF = range(8)
RAMP_STEP = 0.01


class _Attempt:
    """One attempt of a call."""

    __slots__ = ("begun", "burst", "call", "key", "number", "station", "waiting")

    def __init__(self, call: int, key: int, begun: float, number: int, *, burst: bool) -> None:
        self.call = call
        self.key = key
        self.begun = begun
        self.number = number
        self.burst = burst
        self.station = -1
        self.waiting = True


class Play:
    """State of one run."""

    def __init__(self, model: Example, scenario: Scenario, seed: int) -> None:
        self.model = model
        self.tally = Tally(scenario)
        self.seed = seed
        self.agenda: list[tuple[float, int, int, int]] = []
        self.planned = 0
        self.calls = 0
        self.turn = 0
        self.attempts: list[_Attempt] = []
        self.stations = [Station(model) for _ in range(model.stations)]
        self.cache = Cache(model.ttl_s, model.cache_size)
        self.budget = model.budget
        self.dead = 0

    def plan(self, at: float, kind: int, subject: int = 0) -> None:
        """Put an event on the agenda; ties are taken in the order they were planned."""
        self.planned += 1
        heappush(self.agenda, (at, self.planned, kind, subject))

    def gap(self, now: float) -> float:
        """Time until the next call, s."""
        ramp = self.model.ramp_up_s
        share = 1.0 if now >= ramp else min(now + RAMP_STEP * ramp, ramp) / ramp
        return -log(uniform(key_of(self.seed, 0), GAP, self.calls)) / (self.model.rate_per_s * share)

    def call(self, now: float, *, burst: bool) -> None:
        """A call begins."""
        self.calls += 1
        keys = self.model.keys
        key = int(uniform(key_of(self.seed, self.calls), TOKEN, 0) * keys) if keys and not burst else -1
        self.tally.client("calls", now)
        self.send(now, _Attempt(self.calls, key, now, 0, burst=burst))
        if not burst:
            self.plan(now + self.gap(now), CALL)

    def send(self, now: float, attempt: _Attempt) -> None:
        """The client sends an attempt."""
        number = len(self.attempts)
        self.attempts.append(attempt)
        self.tally.client("attempts", now)
        self.plan(now, ENTER, number)
        self.plan(now + self.model.timeout_s, TIMEOUT, number)

    def enter(self, now: float, number: int) -> None:
        """Balancer, cache and queue."""
        attempt = self.attempts[number]
        if attempt.key >= 0:
            hit = self.cache.hit(attempt.key, now)
            self.tally.server("cache_hits" if hit else "cache_misses", now)
            if hit:
                self.answer(now, attempt, well=True)
                return
        attempt.station = balanced(self.stations, self.model.balancing, self.turn)
        self.turn += 1
        station = self.stations[attempt.station]
        station.connections += 1
        if station.enqueue(number):
            self.admit(now, station)
        else:
            self.plan(now, FAIL, number)

    def admit(self, now: float, station: Station) -> None:
        """Let the next attempt of a queue pass."""
        following = station.admit()
        if following >= 0:
            self.plan(now, BEGIN, following)
        self.tally.state("queued", now, sum(each.queued for each in self.stations))

    def begin(self, now: float, number: int) -> None:
        """Ask for a slot."""
        self.tally.server("offered", now)
        station = self.stations[self.attempts[number].station]
        fate = station.take(number)
        if fate == STARTS:
            self.serve(now, number)
        elif fate == REFUSED:
            station.passed -= 1
            self.admit(now, station)
            self.plan(now, FAIL, number)

    def serve(self, now: float, number: int) -> None:
        """An attempt has a slot."""
        attempt = self.attempts[number]
        u = uniform(key_of(self.seed, attempt.call), SERVICE, attempt.number)
        alone = -self.model.service_s * log(u)
        self.plan(now + self.stations[attempt.station].service(alone), LEAVE, number)
        self.tally.state("seats_mutating", now, sum(each.active for each in self.stations))

    def leave(self, now: float, number: int) -> None:
        """A service ended."""
        attempt = self.attempts[number]
        station = self.stations[attempt.station]
        station.passed -= 1
        station.connections -= 1
        following = station.free()
        if following >= 0:
            self.serve(now, following)
        self.admit(now, station)
        if attempt.key >= 0:
            self.cache.fill(attempt.key, now)
        self.answer(now, attempt, well=True)
        self.tally.state("seats_mutating", now, sum(each.active for each in self.stations))

    def fail(self, now: float, number: int) -> None:
        """A refusal reaches the client."""
        attempt = self.attempts[number]
        self.stations[attempt.station].connections -= 1
        self.tally.server("rejected", now)
        self.answer(now, attempt, well=False)

    def answer(self, now: float, attempt: _Attempt, *, well: bool) -> None:
        """An answer reaches the client, who may have gone."""
        if not attempt.waiting:
            self.lost(now, -1)
            self.tally.server("wasted", now, float(well))
            return
        attempt.waiting = False
        if not well:
            self.tally.client("refusals", now)
            self.retry(now, attempt)
            return
        self.budget = earn(self.budget, self.model.deposit, self.model.budget)
        self.tally.server("answered", now)
        self.tally.client("goodput", now)
        self.tally.client("sojourn_s", now, now - attempt.begun)

    def timeout(self, now: float, number: int) -> None:
        """The client's patience with an attempt is over."""
        attempt = self.attempts[number]
        if attempt.waiting:
            attempt.waiting = False
            self.lost(now, 1)
            self.tally.client("timeouts", now)
            self.retry(now, attempt)

    def lost(self, now: float, change: int) -> None:
        """Attempts in the system that nobody waits for change by so many."""
        self.dead += change
        self.tally.state("dead_work", now, self.dead)

    def retry(self, now: float, attempt: _Attempt) -> None:
        """Try again at once, if the law of the client lets it."""
        allowed = attempt.number < self.model.retries
        if self.model.retries < 0:
            self.budget, allowed = spend(self.budget)
        if allowed and not attempt.burst:
            again = attempt.number + 1
            self.send(now, _Attempt(attempt.call, attempt.key, attempt.begun, again, burst=False))
        else:
            self.tally.client("failed", now)

    def trigger(self, now: float) -> None:
        """What goes wrong."""
        if self.model.trigger == "crash":
            self.stations[0].crashed = True
        elif self.model.trigger == "slow":
            self.stations[0].stretch = self.model.trigger_size
        elif self.model.trigger == "flush":
            self.cache.flush()
        elif self.model.trigger == "burst":
            for _ in range(int(self.model.trigger_size)):
                self.call(now, burst=True)

    def relief(self) -> None:
        """It is over."""
        self.stations[0].crashed = False
        self.stations[0].stretch = 1.0


def play(state: Play, horizon: float) -> None:
    """The event loop, up to the horizon (s)."""
    steps = {
        ENTER: state.enter,
        BEGIN: state.begin,
        LEAVE: state.leave,
        FAIL: state.fail,
        TIMEOUT: state.timeout,
    }
    while state.agenda:
        now, _, kind, subject = heappop(state.agenda)
        if now > horizon:
            return
        if kind in steps:
            steps[kind](now, subject)
        elif kind == CALL:
            state.call(now, burst=False)
        elif kind == TRIGGER:
            state.trigger(now)
        else:
            state.relief()
