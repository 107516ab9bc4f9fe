"""Values that stay assumed, fitted by simulation: approximate Bayesian computation by rejection.

Candidates cover the stated bounds evenly (Sobol's sequence; counts on a logarithmic scale). Each is simulated with the same
seeds (common random numbers), so that candidates differ by what they are and not by chance. Those whose failing stretch looks
most like the evidence are kept: their range is the new bound, the middle one the value.

Reference: Sisson, Fan, Beaumont, Handbook of Approximate Bayesian Computation, 2018, ch. 1.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import hypot, log
from typing import NamedTuple

from scipy.stats import qmc

from snowpit.cluster.scenario import Scenario
from snowpit.forecast.calibrate.clients import HOW_MANY, NAME, PATIENCE, WRITES
from snowpit.model.forecast import Calibration, Estimate, Source, Unidentified
from snowpit.model.observation.demand import Signs
from snowpit.model.sample import Run
from snowpit.simulate.parallel import Job, Progress, run_all

POINTS = 64
"""Candidates: a power of two, as Sobol's sequence wants."""

KEPT = 8
SEEDS = (1, 2)
AFTER_S = 60.0
"""As ``Signs``: the first minute is not looked at."""

LEAST_PER_S = 0.05
"""Added to every rate, so that rare things weigh little."""

COUNT, WAIT = f"clients.{NAME}.count", f"clients.{NAME}.patience"
REMARKS: dict[str, Unidentified] = {COUNT: HOW_MANY, WAIT: PATIENCE}


class Fitted(NamedTuple):
    """A fitted scenario and its account."""

    scenario: Scenario
    calibration: Calibration


def fit(
    scenario: Scenario,
    found: Calibration,
    signs: Signs | None,
    *,
    points: int = POINTS,
    progress: Progress | None = None,
) -> Fitted:
    """Fit number and patience of ServiceAccount clients where they are assumed and a failure shows in the evidence.

    Args:
        scenario: As calibrated.
        found: Its account.
        signs: How the failing stretch of the evidence looks; null without one: then nothing can be fitted.
        points: Candidates.
        progress: Told how far it has come.
    """
    free = [one for one in found.estimates if one.key in REMARKS and one.source is Source.ASSUMED]
    if signs is None or not free or not any(event.trigger for event in scenario.events):
        return Fitted(scenario, found)
    candidates = _candidates(free, points)
    jobs = [Job(_with(scenario, free, values, signs=signs), seed) for values in candidates for seed in SEEDS]
    looks = run_all(jobs, lambda job, run: signs_of(job.scenario, run), progress=progress)
    distances = [
        _distance(looks[place * len(SEEDS) : (place + 1) * len(SEEDS)], signs)
        for place in range(len(candidates))
    ]
    ranked = sorted(range(len(candidates)), key=lambda place: (distances[place], place))[:KEPT]
    kept = [candidates[place] for place in ranked]
    values = [sorted(column)[len(kept) // 2] for column in zip(*kept, strict=True)]
    bounds = [(min(column), max(column)) for column in zip(*kept, strict=True)]
    made = _set(scenario, free, values)
    return Fitted(made, _account(found, free, values, bounds=bounds, scenario=made, runs=len(jobs)))


def _candidates(free: Sequence[Estimate], points: int) -> list[tuple[float, ...]]:
    """Values of the free parameters, evenly over their bounds."""
    made = qmc.Sobol(len(free), scramble=False).random(points)
    return [tuple(_value(one, float(share)) for one, share in zip(free, row, strict=True)) for row in made]


def _value(one: Estimate, share: float) -> float:
    low, high = max(one.low or 0.0, 1e-3), max(one.high or 0.0, 1e-3)
    if one.key == COUNT:
        return float(round(low * (high / low) ** share))
    return low + (high - low) * share


def _set(scenario: Scenario, free: Sequence[Estimate], values: Sequence[float]) -> Scenario:
    """The scenario with these values; think times follow, so that the rate while calm stays."""
    by_key = {one.key: value for one, value in zip(free, values, strict=True)}
    clients = []
    total = sum(one.count for one in scenario.clients if one.name in (NAME, WRITES))
    for one in scenario.clients:
        if one.name in (NAME, WRITES) and COUNT in by_key:
            count = max(1, round(by_key[COUNT] * one.count / total))
            took = one.operation.service.mean_s
            think = max(0.001, (one.think.mean_s + took) * count / one.count - took)
            one = replace(one, count=count, think=replace(one.think, mean_s=round(think, 4)))  # noqa: PLW2901
        if one.name in (NAME, WRITES) and WAIT in by_key:
            one = replace(one, patience=replace(one.patience, mean_s=round(by_key[WAIT], 1)))  # noqa: PLW2901
        clients.append(one)
    return replace(scenario, clients=tuple(clients))


def _with(scenario: Scenario, free: Sequence[Estimate], values: Sequence[float], *, signs: Signs) -> Scenario:
    """A candidate that ends where the evidence was looked at last."""
    last = max(event.at_s for event in scenario.events)
    return replace(_set(scenario, free, values), horizon_s=last + AFTER_S + signs.seconds)


def signs_of(scenario: Scenario, run: Run) -> Signs:
    """How the failing stretch of a run looks."""
    samples = run.samples
    first = int((max(event.at_s for event in scenario.events) + AFTER_S) / samples.bin_s)
    seconds = max(samples.bin_s, (samples.bins - first) * samples.bin_s)

    def rate(measure: str, names: Sequence[str]) -> float:
        return sum(sum(samples.clients[name][measure][first:]) for name in names) / seconds

    accounts = [one.name for one in scenario.clients if one.tokens.credential.endswith("_token")]
    reviews = [name for name in samples.clients if name.endswith("/tokenreviews")]
    return Signs(
        seconds, rate("refusals", list(samples.clients)), rate("goodput", accounts), rate("goodput", reviews)
    )


def _distance(looks: Sequence[Signs], wanted: Signs) -> float:
    """How far a candidate's rates, over its seeds, are from the evidence's: on a logarithmic scale."""
    means = [sum(values) / len(looks) for values in zip(*looks, strict=True)]
    return hypot(
        *(
            log((mean + LEAST_PER_S) / (value + LEAST_PER_S))
            for mean, value in zip(means[1:], wanted[1:], strict=True)
        )
    )


def _account(
    found: Calibration,
    free: Sequence[Estimate],
    values: Sequence[float],
    *,
    bounds: Sequence[tuple[float, float]],
    scenario: Scenario,
    runs: int,
) -> Calibration:
    """The account with the fitted values in place of the assumed ones."""
    reference = (
        f"fitted: {KEPT} of {runs // len(SEEDS)} candidates whose failure looks most like the evidence"
    )
    new = {
        one.key: replace(one, value=value, low=low, high=high, source=Source.MEASURED, reference=reference)
        for one, value, (low, high) in zip(free, values, bounds, strict=True)
    }
    thinks = {f"clients.{one.name}.think": one.think.mean_s for one in scenario.clients}
    estimates = []
    for one in found.estimates:
        if one.key in thinks and COUNT in new and one.key.startswith(f"clients.{NAME}"):
            one = _following(one, thinks[one.key], new[COUNT])  # noqa: PLW2901
        estimates.append(new.get(one.key, one))
    unknown = tuple(one for one in found.unidentified if one not in [REMARKS[key] for key in new])
    return replace(found, estimates=tuple(estimates), unidentified=unknown)


def _following(one: Estimate, think: float, count: Estimate) -> Estimate:
    """A think time that follows the number of clients, so that their rate while calm stays."""
    middle = float(count.value)
    return replace(
        one,
        value=think,
        low=think * (count.low or middle) / middle,
        high=think * (count.high or middle) / middle,
        source=Source.MEASURED,
        reference=f"follows the number of clients, {count.reference}",
    )
