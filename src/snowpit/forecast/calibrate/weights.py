"""How unevenly requests are spread over tokens."""

from collections.abc import Sequence
from math import log, sqrt

EXPONENTS = tuple(round(0.1 * step, 1) for step in range(26))
"""Exponents of Zipf's law that are tried; 0 is uniform."""

SPREADS = 4.0
"""Standard deviations of chi-square above its mean from which counts are no longer even by chance."""


def weights(requests: Sequence[int]) -> tuple[str, float, float]:
    """The law by which requests are spread over tokens, and the exponents that fit as well.

    Maximum likelihood over ranks, the most asked token first.

    Args:
        requests: Requests of each token, most first.

    Returns:
        ``uniform`` or ``zipf:<exponent>``, smallest and largest exponent within two units of log-likelihood.
    """
    if len(requests) < 2:  # noqa: PLR2004 - one token has no spread
        return "uniform", 0.0, 0.0
    if _even(requests):
        return "uniform", 0.0, 0.0
    scores = {exponent: _likelihood(requests, exponent) for exponent in EXPONENTS}
    best = max(scores, key=lambda exponent: scores[exponent])
    near = [exponent for exponent, score in scores.items() if score >= scores[best] - 2.0]
    return (f"zipf:{best:g}" if best else "uniform"), min(near), max(near)


def _even(requests: Sequence[int]) -> bool:
    """Whether chance alone explains how counts differ (chi-square)."""
    mean, free = sum(requests) / len(requests), len(requests) - 1
    found = sum((count - mean) ** 2 for count in requests) / mean
    return found <= free + SPREADS * sqrt(2.0 * free)


def _likelihood(requests: Sequence[int], exponent: float) -> float:
    """Logarithm of the likelihood of the counts by rank, but for a constant."""
    total = sum(rank**-exponent for rank in range(1, len(requests) + 1))
    return sum(count * (-exponent * log(rank) - log(total)) for rank, count in enumerate(requests, 1))
