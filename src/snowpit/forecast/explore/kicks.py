"""Trials of one point: its own trigger, a deep start, and the smallest kick that tips it.

A deep start asks whether a bad state exists; a healthy start with a trigger asks whether it is reached. Neither answers
for the other. Kicks are reads that nobody waits for, queued at once at the loopback limiter of every API server, on a
full bucket.
"""

from dataclasses import dataclass, replace
from math import inf, isfinite, sqrt

from snowpit.cluster.scenario import Scenario
from snowpit.forecast.explore.early import decided, horizon
from snowpit.forecast.starts import queued
from snowpit.model.sample import Run
from snowpit.observe.outcome import Outcome, Verdict, outcome
from snowpit.simulate import simulate

WARM_S = 60.0
"""Time before a kick: six times the usual life of a cached token."""

DEEP_WAIT_S = 100.0
"""Wait that a deep start brings, unless clients are more patient than half of it."""

PATIENT_S = 300.0
"""A longer patience counts as never: no start is deep against it."""

KICK_AT_MOST = 200_000
HALVINGS = 2
"""Bisections after a bracket of factor 2 is found: the edge then lies within 2^(1/8), 9 %, of the middle."""

FAILS = (Verdict.STUCK, Verdict.OVERLOADED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One run with its verdict.

    Args:
        run: The run, as far as it had to go.
        outcome: How it ended.
    """

    run: Run
    outcome: Outcome

    @property
    def fails(self) -> bool:
        """Whether it fails to its end."""
        return self.outcome.verdict in FAILS


def tried(scenario: Scenario, seed: int) -> Trial:
    """A run of a scenario until it is decided."""
    meant = replace(scenario, horizon_s=horizon(scenario))
    run = simulate(meant, seed=seed, stop=decided(meant))
    return Trial(run=run, outcome=outcome(run, horizon_s=run.ended_s))


def own(scenario: Scenario) -> Scenario:
    """The scenario with its triggers only: interventions would answer another question."""
    return replace(scenario, events=tuple(event for event in scenario.events if event.trigger))


def kicked(scenario: Scenario, lookups: int) -> Scenario:
    """The scenario with a kick as its only event."""
    event = queued(lookups, f"{lookups:,} look-ups queued", at_s=WARM_S)
    return replace(scenario, events=(event,))


def deep(scenario: Scenario) -> int:
    """Look-ups of a deep start: clients have hung up long before these are done."""
    rate = scenario.plane.number("loopback_qps") or 0.0
    waits = [who.patience.mean_s for who in scenario.clients if who.arrivals != "none"]
    patience = max((wait for wait in waits if wait <= PATIENT_S), default=0.0)
    return max(1, min(KICK_AT_MOST, round(rate * max(DEEP_WAIT_S, 2.0 * patience))))


def critical(scenario: Scenario, seed: int, *, guess: float, most: int) -> float:
    """Look-ups of the smallest kick that tips a scenario, by bisection over kicks with one seed.

    Args:
        scenario: The scenario.
        seed: Seed, the same for every kick.
        guess: Where to begin.
        most: Largest kick tried.

    Returns:
        Geometric middle of the largest kick that heals and the smallest that does not; infinite if the largest heals,
        1 if a single look-up tips it.
    """
    low, high = 1.0, inf
    size = min(max(2.0, guess if isfinite(guess) else most), float(most))
    while high == inf or (low == 1.0 and high > 2.0):  # noqa: PLR2004 - the factor of the search
        if tried(kicked(scenario, round(size)), seed).fails:
            high, size = size, max(2.0, size / 2.0)
        elif size >= most:
            return inf
        else:
            low, size = size, min(float(most), size * 2.0)
    for _ in range(HALVINGS if low > 1.0 else 0):
        middle = sqrt(low * high)
        if tried(kicked(scenario, round(middle)), seed).fails:
            high = middle
        else:
            low = middle
    return sqrt(low * high) if low > 1.0 else 1.0
