"""A single server with an orbit of retries: three exact laws of the chain, and one path through it.

The chain is metastable where its relaxation time is long: then a full queue stays full, and an empty one
empty, far beyond any timeout. Figures follow from the chain; the seed only draws the path of the series, by
Gillespie's direct method. A request counts as late when it joins a queue that will outlast its timeout.

Source: see ``orbit_chain``; Gillespie, Journal of Physical Chemistry 81(25), 1977, 2340-2361.
"""

from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from math import inf, log

import numpy as np

from snowpit.cluster.scenario import Scenario
from snowpit.mechanism.queueing import require, require_positive
from snowpit.model.sample import Marker, Run
from snowpit.simulate.engine.chance import GAP, PHASE, key_of, uniform
from snowpit.simulate.published.elimination import eliminate, hitting_times, stationary
from snowpit.simulate.published.orbit_chain import (
    DROP,
    JOIN,
    JOIN_COPIED,
    JOIN_LATE,
    LOST,
    RETRY,
    RETRY_LATE,
    SERVE,
    Orbit,
    moves,
    rates,
    relaxation,
)
from snowpit.simulate.published.settings import one_of, settings
from snowpit.simulate.published.tally import Tally

BLOCK = 4096
CONGESTED = 90
TAILS = ("bound", "erlang")

COUNTED = {
    JOIN: ("calls", "attempts", "goodput"),
    JOIN_LATE: ("calls", "attempts", "timeouts"),
    JOIN_COPIED: ("calls", "attempts", "timeouts"),
    RETRY: ("attempts", "goodput"),
    RETRY_LATE: ("attempts", "timeouts"),
    DROP: ("failed",),
    SERVE: (),
    LOST: ("calls", "attempts", "refusals", "failed"),
}
"""What the clients count on each kind of transition."""


@lru_cache(maxsize=32)
def figures(model: Orbit) -> tuple[tuple[str, float], ...]:
    """Mean queue, probability of more than 90 requests, relaxation time, mean time from full to empty.

    ``full_to_empty_s`` starts at the greatest queue with an empty orbit and ends at an empty queue, whatever the orbit.
    """
    between = rates(model)
    chain = eliminate(between)
    law = stationary(chain).reshape(model.queue, model.orbit).sum(axis=1)
    times = hitting_times(chain, model.orbit)
    return (
        ("mean_queue", float(law @ np.arange(model.queue))),
        ("probability_above_90", float(law[CONGESTED + 1 :].sum())),
        ("relaxation_s", relaxation(between, model.service_rate)),
        ("full_to_empty_s", float(times[(model.queue - 1) * model.orbit])),
    )


def _draws(key: int, purpose: int) -> Iterator[float]:
    """The uniform numbers of one purpose, in order."""
    first = 0
    while True:
        numbers = np.arange(first, first + BLOCK, dtype=np.int64)
        # The draws are integer arithmetic within 63 bits, so an array gives what its elements give.
        yield from np.asarray(uniform(key, purpose, numbers)).tolist()
        first += BLOCK


def _walk(model: Orbit, tally: Tally, seed: int, horizon: float) -> int:
    """Follow the chain from empty to the horizon; give the number of transitions."""
    kinds = moves(model)
    table = np.cumsum(np.stack([move.rates for move in kinds], axis=-1), axis=-1).tolist()
    key = key_of(seed, 0)
    gaps, choices = _draws(key, GAP), _draws(key, PHASE)
    filled_at = model.filled_at_s if model.filled_at_s >= 0 else inf
    now, queue, orbit, events = 0.0, 0, 0, 0
    while True:
        steps = table[queue][orbit]
        after = now - log(next(gaps)) / steps[-1]
        if now <= filled_at < min(after, horizon):
            # Exponential waits may be cut anywhere; the next gap is drawn anew.
            now, queue, filled_at = filled_at, model.queue - 1, inf
            tally.state("queued", now, queue)
            continue
        if after >= horizon:
            return events
        now, events = after, events + 1
        move = kinds[bisect_right(steps, next(choices) * steps[-1])]
        queue, orbit = queue + move.queue, orbit + move.orbit
        _count(tally, now, move.kind)
        tally.state("queued", now, queue)
        tally.state("dead_work", now, orbit)


def _count(tally: Tally, now: float, kind: int) -> None:
    for name in COUNTED[kind]:
        tally.client(name, now)
    if "attempts" in COUNTED[kind]:
        tally.server("offered", now)
    if kind == LOST:
        tally.server("rejected", now)
    if "goodput" in COUNTED[kind]:
        tally.server("answered", now)
    elif "timeouts" in COUNTED[kind]:
        tally.server("wasted", now)


def run(scenario: Scenario, *, seed: int) -> Run:
    """One path of the chain, and its laws.

    Args:
        scenario: Parameters as in ``Orbit``.
        seed: Seed of the path.

    Returns:
        Series, and ``mean_queue``, ``probability_above_90``, ``relaxation_s``, ``full_to_empty_s``.
    """
    model = settings(scenario, Orbit())
    one_of("tail", model.tail, TAILS)
    require(alpha=model.alpha, retries=model.retries)
    require_positive(
        arrival_rate=model.arrival_rate,
        service_rate=model.service_rate,
        timeout_s=model.timeout_s,
        queue=model.queue - 1,
        orbit=model.orbit - 1,
    )
    tally = Tally(scenario)
    events = _walk(model, tally, seed, scenario.horizon_s)
    filled = Marker(at_s=model.filled_at_s, title="queue filled", trigger=True)
    return Run(
        seed=seed,
        ended_s=scenario.horizon_s,
        overflow="",
        samples=tally.samples(),
        markers=(filled,) if 0 <= model.filled_at_s < scenario.horizon_s else (),
        events=events,
        counts=dict(figures(model)),
    )
