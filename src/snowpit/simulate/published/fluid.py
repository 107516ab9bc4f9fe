"""Hidden capacity: the load below which an overloaded system heals by itself, as a fixed point of one line.

``retry``: calls at rate lambda, each tried again up to R times a step (1 s) later, against a database that answers C per
second in time, and everything too late above. Demand D = lambda (1 + R f) with f the share that fails, and f = [D > C].
So f = 0 holds for lambda <= C, and f = 1 for lambda > C / (1 + R): stable below C / (1 + R), vulnerable up to C.

``cache``: of calls at rate lambda a share h is answered by a look-aside cache, the rest by the database, whose
answers fill the cache if they are in time: D = lambda (1 - h). A full cache (h = h0) holds for lambda <= C / (1 - h0), an
empty one (h = 0) for lambda > C: stable below C, vulnerable up to C / (1 - h0).

Source: Bronson, Aghayev, Charapko and Zhu, Metastable failures in distributed systems, HotOS 2021, sections 2.1, 2.2.
"""

from math import ceil
from typing import NamedTuple

from snowpit.cluster.scenario import Scenario
from snowpit.mechanism.queueing import require, require_positive
from snowpit.model.sample import Marker, Run
from snowpit.simulate.published.settings import one_of, settings
from snowpit.simulate.published.tally import Tally

KINDS = ("retry", "cache")
STEP_S = 1.0
STABLE, VULNERABLE, OVERLOADED = range(3)


class Fluid(NamedTuple):
    """Parameters.

    Args:
        kind: ``retry`` or ``cache``.
        rate_per_s: lambda.
        capacity_per_s: C.
        retries: R; retry only.
        hit_ratio: h0, of a full cache; cache only.
        trigger_at_s: When the database stalls (retry) or the cache is emptied; below zero: never.
        trigger_for_s: For how long it stalls, or stays empty.
    """

    kind: str = "retry"
    rate_per_s: float = 280.0
    capacity_per_s: float = 300.0
    retries: int = 1
    hit_ratio: float = 0.9
    trigger_at_s: float = 60.0
    trigger_for_s: float = 10.0


class Step(NamedTuple):
    """One step of the fluid.

    Args:
        demand: Attempts at the database per second.
        failing: Share of them that is not answered in time.
        good: Calls answered in time per second, by cache or database.
        lost: Calls given up per second, after their last try.
    """

    demand: float
    failing: float
    good: float
    lost: float


def hidden_capacity(model: Fluid) -> float:
    """Calls per second below which every overload ends.

    >>> hidden_capacity(Fluid()), hidden_capacity(Fluid(kind="cache"))
    (150.0, 300.0)
    """
    return model.capacity_per_s / (1 + model.retries) if model.kind == "retry" else model.capacity_per_s


def advertised_capacity(model: Fluid) -> float:
    """Calls per second up to which a healthy state exists.

    >>> advertised_capacity(Fluid()), round(advertised_capacity(Fluid(kind="cache")), 6)
    (300.0, 3000.0)
    """
    return model.capacity_per_s if model.kind == "retry" else model.capacity_per_s / (1.0 - model.hit_ratio)


def regime(model: Fluid) -> int:
    """``STABLE``, ``VULNERABLE`` (healthy until a trigger) or ``OVERLOADED`` (no healthy state)."""
    if model.rate_per_s <= hidden_capacity(model):
        return STABLE
    return VULNERABLE if model.rate_per_s <= advertised_capacity(model) else OVERLOADED


def worst_demand(model: Fluid) -> float:
    """Attempts per second at the database while everything fails."""
    return model.rate_per_s * (1 + model.retries) if model.kind == "retry" else model.rate_per_s


def course(model: Fluid, steps: int) -> list[Step]:
    """The fluid step by step, from its healthy state.

    Args:
        model: Parameters.
        steps: Number of steps of ``STEP_S``.
    """
    taken: list[Step] = []
    tries = [0.0] * (model.retries + 1)
    hits = model.hit_ratio
    for number in range(steps):
        hit_by_trigger = 0 <= number * STEP_S - model.trigger_at_s < model.trigger_for_s
        if model.kind == "retry":
            step, tries = _retry(model, tries, stalled=hit_by_trigger)
        else:
            step, hits = _cache(model, 0.0 if hit_by_trigger else hits)
        taken.append(step)
    return taken


def _retry(model: Fluid, failed: list[float], *, stalled: bool) -> tuple[Step, list[float]]:
    """One step: attempts by number of tries before; what failed of them."""
    tries = [model.rate_per_s, *failed[:-1]]
    demand = sum(tries)
    failing = 1.0 if stalled or demand > model.capacity_per_s else 0.0
    step = Step(demand, failing, demand * (1.0 - failing), tries[-1] * failing)
    return step, [each * failing for each in tries]


def _cache(model: Fluid, hits: float) -> tuple[Step, float]:
    """One step: hit ratio at its begin, and at its end."""
    demand = model.rate_per_s * (1.0 - hits)
    failing = 1.0 if demand > model.capacity_per_s else 0.0
    after = hits if failing else model.hit_ratio
    late = demand * failing
    return Step(demand, failing, model.rate_per_s - late, late), after


def run(scenario: Scenario, *, seed: int) -> Run:
    """The fluid over the horizon.

    Args:
        scenario: Parameters as in ``Fluid``.
        seed: Has no effect; nothing is drawn.

    Returns:
        Series, and ``hidden_capacity_per_s``, ``advertised_capacity_per_s``, ``regime`` (0 stable, 1 vulnerable, 2
        overloaded), ``demand_per_s_at_end``, ``successes_per_s_at_end``.
    """
    model = settings(scenario, Fluid())
    one_of("kind", model.kind, KINDS)
    require_positive(
        rate_per_s=model.rate_per_s, capacity_per_s=model.capacity_per_s, misses=1.0 - model.hit_ratio
    )
    require(retries=model.retries, hit_ratio=model.hit_ratio, trigger_for_s=model.trigger_for_s)
    tally = Tally(scenario)
    steps = course(model, max(1, ceil(scenario.horizon_s / STEP_S)))
    for number, step in enumerate(steps):
        _record(tally, number * STEP_S, step, model)
    title = "database stalls" if model.kind == "retry" else "cache emptied"
    triggered = 0 <= model.trigger_at_s < scenario.horizon_s
    return Run(
        seed=seed,
        ended_s=scenario.horizon_s,
        overflow="",
        samples=tally.samples(),
        markers=(Marker(at_s=model.trigger_at_s, title=title, trigger=True),) if triggered else (),
        events=len(steps),
        counts={
            "hidden_capacity_per_s": hidden_capacity(model),
            "advertised_capacity_per_s": advertised_capacity(model),
            "regime": float(regime(model)),
            "demand_per_s_at_end": steps[-1].demand,
            "successes_per_s_at_end": steps[-1].good,
        },
    )


def _record(tally: Tally, now: float, step: Step, model: Fluid) -> None:
    late = step.demand * step.failing
    by_cache = model.rate_per_s - step.demand if model.kind == "cache" else 0.0
    tally.client("calls", now, model.rate_per_s * STEP_S)
    tally.client("attempts", now, (step.demand + by_cache) * STEP_S)
    tally.client("goodput", now, step.good * STEP_S)
    tally.client("timeouts", now, late * STEP_S)
    tally.client("failed", now, step.lost * STEP_S)
    tally.server("offered", now, step.demand * STEP_S)
    tally.server("answered", now, (step.demand - late) * STEP_S)
    tally.server("wasted", now, late * STEP_S)
