"""Brooker's collapse model: timeouts and retries against a server that slows down with concurrency.

Theory of operation. Calls arrive in a Poisson stream. An attempt travels to the server (exponential
delay), is served for 1 s + 0.01 s times the attempts in service with it, and travels back. After
3 s the client gives the attempt up, though the server serves it to its end, and tries again; after
3 tries it gives the call up. With back-off the next attempt is sent after full jitter of 20 s, 40 s.
Concurrency c is served at c / (1 + 0.01 c) per second, so each attempt is late, for good, once c passes 200.

Two loads: ``spike`` (40/s, 80/s from 20 to 25 s) and ``ramp`` (80/s - 1.6/s per second away from 25 s).
An attempt sent after a back-off has 3 s from when it is sent. Not modelled: cancellation, a limit of concurrency.

Source: github.com/mbrooker/simulator_example, simple_collapse_sim/sim.py; Brooker, Metastability and
Distributed Systems, 2021.
"""

from heapq import heappop, heappush
from math import inf, log
from typing import NamedTuple

from snowpit.cluster.scenario import Scenario
from snowpit.mechanism.backoff import full_jitter
from snowpit.mechanism.queueing import require, require_positive
from snowpit.model.sample import Marker, Run
from snowpit.simulate.engine.chance import GAP, JITTER, NETWORK, key_of, uniform
from snowpit.simulate.published.settings import one_of, settings
from snowpit.simulate.published.tally import Tally

ARRIVE, START, END, DONE, TIMEOUT = range(5)
FIRST_S = 0.01
STUCK_SHARE = 0.5
"""A run is stuck if fewer calls than this share of those begun succeed at its end."""


class Collapse(NamedTuple):
    """Parameters.

    Args:
        load: ``spike`` or ``ramp``.
        base_rate: Spike: calls per second apart from it.
        peak_rate: Calls per second at the peak.
        spike_start_s: Spike: its start.
        spike_width_s: Spike: its duration.
        slope: Ramp: change of the rate, per second and second.
        peak_at_s: Ramp: when the rate is highest.
        network_s: Mean delay each way.
        timeout_s: The client's patience with an attempt.
        tries: Attempts per call in all.
        service_s: Time of service alone.
        service_slope_s: Added per attempt in service.
        backoff: Whether retries wait.
        backoff_base_s: Bound of the first back-off; each further one is twice as long.
    """

    load: str = "spike"
    base_rate: float = 40.0
    peak_rate: float = 80.0
    spike_start_s: float = 20.0
    spike_width_s: float = 5.0
    slope: float = 1.6
    peak_at_s: float = 25.0
    network_s: float = 0.1
    timeout_s: float = 3.0
    tries: int = 3
    service_s: float = 1.0
    service_slope_s: float = 0.01
    backoff: bool = False
    backoff_base_s: float = 20.0


class _Collapse:
    """State of one run: the agenda, the attempt each call is at, and the attempts in service."""

    def __init__(self, model: Collapse, scenario: Scenario, seed: int) -> None:
        self.model = model
        self.tally = Tally(scenario)
        self.seed = seed
        self.agenda: list[tuple[float, int, int, int, int]] = [(FIRST_S, 0, ARRIVE, 0, 0)]
        self.current: list[int] = []
        self.begun: list[float] = []
        self.in_service = 0
        self.events = 0

    def plan(self, at: float, kind: int, call: int, attempt: int) -> None:
        """Put an event on the agenda; ties are taken in the order they were planned."""
        self.events += 1
        heappush(self.agenda, (at, self.events, kind, call, attempt))

    def delay(self, call: int, leg: int) -> float:
        """Network delay of a call's leg, exponential, s."""
        return -self.model.network_s * log(uniform(key_of(self.seed, call + 1), NETWORK, leg))

    def send(self, now: float, call: int, wait: float) -> None:
        """Send the call's next attempt after ``wait`` s."""
        attempt = self.current[call]
        self.tally.client("attempts", now + wait)
        self.plan(now + self.model.timeout_s + wait, TIMEOUT, call, attempt)
        self.plan(now + wait + self.delay(call, 2 * attempt), START, call, attempt)

    def arrive(self, now: float) -> None:
        """A call begins; the next one is planned by the rate of this instant, which for a ramp may end."""
        call = len(self.current)
        self.current.append(0)
        self.begun.append(now)
        self.tally.client("calls", now)
        self.send(now, call, 0.0)
        rate = rate_at(self.model, now)
        if rate > 0:
            self.plan(now - log(uniform(key_of(self.seed, 0), GAP, call)) / rate, ARRIVE, 0, 0)

    def start(self, now: float, call: int, attempt: int) -> None:
        """An attempt reaches the server."""
        self.in_service += 1
        self.tally.server("offered", now)
        self.tally.state("seats_mutating", now, self.in_service)
        self.plan(now + service_time(self.model, self.in_service), END, call, attempt)

    def end(self, now: float, call: int, attempt: int) -> None:
        """An attempt leaves the server, wanted or not."""
        self.in_service -= 1
        self.tally.server("answered" if attempt == self.current[call] else "wasted", now)
        self.tally.state("seats_mutating", now, self.in_service)
        self.plan(now + self.delay(call, 2 * attempt + 1), DONE, call, attempt)

    def done(self, now: float, call: int, attempt: int) -> None:
        """An answer reaches the client: good if the client still waits for that attempt."""
        if attempt == self.current[call]:
            self.current[call] += 1
            self.tally.client("goodput", now)
            self.tally.client("sojourn_s", now, now - self.begun[call])

    def timeout(self, now: float, call: int, attempt: int) -> None:
        """The client's patience with an attempt is over."""
        if attempt != self.current[call]:
            return
        self.current[call] += 1
        self.tally.client("timeouts", now)
        if attempt + 1 >= self.model.tries:
            self.tally.client("failed", now)
            return
        self.send(now, call, self.wait(call, attempt))

    def wait(self, call: int, attempt: int) -> float:
        """Back-off after a failed attempt, s."""
        if not self.model.backoff:
            return 0.0
        u = uniform(key_of(self.seed, call + 1), JITTER, attempt)
        return full_jitter(self.model.backoff_base_s, inf, attempt + 1, u)


def rate_at(model: Collapse, now: float) -> float:
    """Calls per second at ``now`` (s)."""
    if model.load == "ramp":
        return model.peak_rate - model.slope * abs(now - model.peak_at_s)
    inside = model.spike_start_s <= now <= model.spike_start_s + model.spike_width_s
    return model.peak_rate if inside else model.base_rate


def service_time(model: Collapse, in_service: int) -> float:
    """Time of service of an attempt that makes ``in_service`` attempts, s."""
    return model.service_s + model.service_slope_s * in_service


def _play(state: _Collapse, horizon: float) -> float:
    now = 0.0
    while state.agenda and now < horizon:
        now, _, kind, call, attempt = heappop(state.agenda)
        if kind == ARRIVE:
            state.arrive(now)
        elif kind == START:
            state.start(now, call, attempt)
        elif kind == END:
            state.end(now, call, attempt)
        elif kind == DONE:
            state.done(now, call, attempt)
        else:
            state.timeout(now, call, attempt)
    return min(now, horizon)


def run(scenario: Scenario, *, seed: int) -> Run:
    """One run of the collapse model.

    Args:
        scenario: Parameters as in ``Collapse``; horizon 80 s and bins of 1 s as published.
        seed: Seed.

    Returns:
        Series, and ``successes_per_s_5_19``, ``_26_35``, ``_60_78`` and ``retries_per_s_60_78`` with both
        seconds inclusive, and whether the run is ``stuck`` then.
    """
    model = settings(scenario, Collapse())
    one_of("load", model.load, ("spike", "ramp"))
    require(peak=model.peak_rate, slope=model.slope, network=model.network_s, service=model.service_s)
    require_positive(base_rate=model.base_rate, timeout_s=model.timeout_s, tries=model.tries)
    state = _Collapse(model, scenario, seed)
    ended = _play(state, scenario.horizon_s)
    peak = model.spike_start_s if model.load == "spike" else model.peak_at_s
    return Run(
        seed=seed,
        ended_s=ended,
        overflow="",
        samples=state.tally.samples(),
        markers=(Marker(at_s=peak, title=f"{model.load} of load", trigger=True),),
        events=state.events,
        counts=_counts(state.tally),
    )


def _counts(tally: Tally) -> dict[str, float]:
    begun = tally.rate("calls", 60.0, 79.0)
    well = tally.rate("goodput", 60.0, 79.0)
    return {
        "successes_per_s_5_19": tally.rate("goodput", 5.0, 20.0),
        "successes_per_s_26_35": tally.rate("goodput", 26.0, 36.0),
        "successes_per_s_60_78": well,
        "retries_per_s_60_78": tally.rate("timeouts", 60.0, 79.0) - tally.rate("failed", 60.0, 79.0),
        "calls_per_s_60_78": begun,
        "stuck": float(well < STUCK_SHARE * max(begun, 1.0)),
    }
