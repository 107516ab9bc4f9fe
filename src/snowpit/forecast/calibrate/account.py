"""The account of a calibration while it is drawn up: estimates, what cannot be told, and bounds of counts."""

from math import exp, log, sqrt
from typing import NamedTuple

from snowpit.cluster.workload import Delay, Operation
from snowpit.model.forecast import Estimate, Source, Unidentified
from snowpit.model.observation.demand import Asking, Spread

QUARTILE = 0.6745
"""Quartile of the normal distribution."""

LONGEST = 200
"""Signs of a text of the evidence that are kept."""

Z95 = 1.96


class Part(NamedTuple):
    """Estimates of one part of a scenario, and what cannot be told of it."""

    estimates: tuple[Estimate, ...] = ()
    unidentified: tuple[Unidentified, ...] = ()

    def __add__(self, other: "Part") -> "Part":  # type: ignore[override]
        """Both together."""
        return Part(self.estimates + other.estimates, self.unidentified + other.unidentified)


def plain(text: str) -> str:
    """Text of evidence as a scenario may hold it: printable, short, and without the braces of patterns."""
    return "".join(sign for sign in text if sign.isprintable() and sign not in "{}")[:LONGEST]


def chance(count: float) -> tuple[float, float]:
    """95 % bounds of a count that came by chance (Poisson).

    >>> chance(100.0)
    (80.4, 119.6)
    """
    width = Z95 * sqrt(max(count, 1.0))
    return max(0.0, count - width), count + width


def operation_of(one: Asking, took: Delay) -> Operation:
    """What a class of requests asks for."""
    return Operation(
        verb=plain(one.verb),
        group=plain(one.group),
        resource=plain(one.resource),
        subresource=plain(one.subresource),
        namespace=plain(one.namespace),
        service=took,
    )


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
