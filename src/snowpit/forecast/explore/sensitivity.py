"""Which parameters move the edge and the recovery: Morris' screening, then Sobol's indices of the few that matter.

Both are taken of logarithms: of the smallest kick that tips, and of the time to recover from the scenario's own trigger.
What never tips counts as tipped by a deep start, what does not recover as recovering at the horizon.

Reference:
    Morris, Technometrics 33(2), 1991, 161-174; Sobol, Mathematics and Computers in Simulation 55, 2001, 271-280;
    Herman and Usher, Journal of Open Source Software 2(9), 2017 (SALib).
"""

from collections.abc import Sequence
from math import log10
from typing import Any, NamedTuple

import numpy as np
from SALib.analyze import morris as morris_indices
from SALib.analyze import sobol as sobol_indices
from SALib.sample import morris as morris_samples
from SALib.sample import sobol as sobol_samples

from snowpit.forecast.explore.axes import Settings, Span
from snowpit.forecast.explore.run import Point

RESPONSES = ("critical_lookups", "recovery_s")
LEVELS = 4
SEED = 1
"""Seed of the designs; those of the simulations are told apart from it."""

LEAST = {"critical_lookups": 1.0, "recovery_s": 1.0}
AT_MOST, MATTERS = 3, 0.1
"""Parameters that go on to Sobol's indices, and the share of the largest effect that they need."""

FLAT = 1e-9
"""Spread of a response, in decades, below which there is nothing to explain."""


class Effect(NamedTuple):
    """What one parameter does to one response.

    Args:
        key: Key path of the parameter.
        label: Words.
        size: Morris: mean absolute effect over its range, decades. Sobol: total share of the variance.
        interval: Half width of its 95 % interval, by bootstrap.
        other: Morris: spread of the effect (interaction or curvature). Sobol: share by itself.
    """

    key: str
    label: str
    size: float
    interval: float
    other: float


class Design(NamedTuple):
    """Points of a design.

    Args:
        spans: Parameters that vary.
        shares: Where each point lies between their bounds.
        settings: The same as settings; several points may have the same.
    """

    spans: tuple[Span, ...]
    shares: Any
    settings: tuple[Settings, ...]


def screening(spans: Sequence[Span], trajectories: int) -> Design:
    """Morris' design: that many random walks, each of which steps once along every parameter."""
    return _design(spans, morris_samples.sample(_problem(spans), trajectories, num_levels=LEVELS, seed=SEED))


def decomposition(spans: Sequence[Span], samples: int) -> Design:
    """Saltelli's design for Sobol's indices of first and total order; a power of two of samples."""
    problem = _problem(spans)
    return _design(spans, sobol_samples.sample(problem, samples, calc_second_order=False, seed=SEED))


def effects(design: Design, points: Sequence[Point], response: str) -> tuple[Effect, ...]:
    """Morris' effects on a response, the largest first."""
    values = _values(design, points, response)
    if np.ptp(values) < FLAT:
        return ()
    found = morris_indices.analyze(
        _problem(design.spans), design.shares, values, num_levels=LEVELS, seed=SEED
    )
    return _ordered(design, found["mu_star"], found["mu_star_conf"], found["sigma"])


def indices(design: Design, points: Sequence[Point], response: str) -> tuple[Effect, ...]:
    """Sobol's indices of a response, the largest first; none where the response does not vary."""
    values = _values(design, points, response)
    if np.ptp(values) < FLAT:
        return ()
    problem = _problem(design.spans)
    found = sobol_indices.analyze(problem, values, calc_second_order=False, seed=SEED)
    return _ordered(design, found["ST"], found["ST_conf"], found["S1"])


def chosen(spans: Sequence[Span], found: Sequence[Sequence[Effect]]) -> tuple[Span, ...]:
    """The few parameters that matter for any response, in the order given."""
    shares: dict[str, float] = {}
    for effects_ in found:
        largest = max((effect.size for effect in effects_), default=0.0)
        for effect in effects_:
            if largest > 0.0:
                shares[effect.key] = max(shares.get(effect.key, 0.0), effect.size / largest)
    best = sorted((key for key, share in shares.items() if share >= MATTERS), key=lambda key: -shares[key])
    return tuple(span for span in spans if span.key in best[:AT_MOST])


def _problem(spans: Sequence[Span]) -> dict[str, Any]:
    return {
        "num_vars": len(spans),
        "names": [span.key for span in spans],
        "bounds": [[0.0, 1.0]] * len(spans),
    }


def _design(spans: Sequence[Span], shares: Any) -> Design:  # noqa: ANN401 - an array of SALib
    settings = tuple(
        tuple((span.key, span.value(float(share))) for span, share in zip(spans, row, strict=True))
        for row in shares
    )
    return Design(tuple(spans), shares, settings)


def _values(design: Design, points: Sequence[Point], response: str) -> Any:  # noqa: ANN401 - an array of SALib
    """Mean logarithm of a response over seeds, at every point of a design."""
    by_place: dict[Settings, list[float]] = {}
    for point in points:
        value = max(LEAST[response], float(point.answer[response] or 0.0))
        by_place.setdefault(point.at, []).append(log10(value))
    return np.array([sum(by_place[at]) / len(by_place[at]) for at in design.settings])


def _ordered(design: Design, size: Any, interval: Any, other: Any) -> tuple[Effect, ...]:  # noqa: ANN401 - arrays
    rows = zip(design.spans, size, interval, other, strict=True)
    found = [Effect(span.key, span.label, *(float(value) for value in row)) for span, *row in rows]
    return tuple(sorted(found, key=lambda effect: -effect.size))
