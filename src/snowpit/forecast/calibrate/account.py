"""The account of a calibration while it is drawn up: estimates, what cannot be told, and bounds of counts."""

from math import exp, log, sqrt
from typing import NamedTuple

from snowpit.cluster.workload import Delay
from snowpit.model.forecast import Estimate, Source, Unidentified
from snowpit.model.observation.demand import Spread

QUARTILE = 0.6745
"""Quartile of the normal distribution."""

Z95 = 1.96


class Part(NamedTuple):
    """Estimates of one part of a scenario, and what cannot be told of it."""

    estimates: tuple[Estimate, ...] = ()
    unidentified: tuple[Unidentified, ...] = ()

    def __add__(self, other: "Part") -> "Part":  # type: ignore[override]
        """Both together."""
        return Part(self.estimates + other.estimates, self.unidentified + other.unidentified)


def chance(count: float) -> tuple[float, float]:
    """95 % bounds of a count that came by chance (Poisson).

    >>> chance(100.0)
    (80.4, 119.6)
    """
    width = Z95 * sqrt(max(count, 1.0))
    return max(0.0, count - width), count + width


def service(found: Spread) -> Delay:
    """A lognormal delay with the quartiles that were measured."""
    low, high = max(found.low, 1e-6), max(found.high, 1e-6)
    sigma = min(3.0, max(0.0, log(high / low) / (2.0 * QUARTILE)))
    return Delay(
        law="lognormal", mean_s=round(found.median * exp(sigma * sigma / 2.0), 7), sigma=round(sigma, 3)
    )


def of_service(key: str, found: Spread, delay: Delay, reference: str) -> Estimate:
    """The estimate of a delay: its bounds are those of the mean."""
    error = Z95 * max(delay.sigma, 0.05) / sqrt(found.measured)
    return Estimate(
        key=key,
        value=delay.mean_s,
        low=delay.mean_s * exp(-error),
        high=delay.mean_s * exp(error),
        unit="s",
        source=Source.MEASURED,
        reference=reference,
        note=f"median {found.median * 1e3:.2g} ms of {found.measured:,}",
    )
