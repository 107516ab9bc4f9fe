"""Draws of durations, each kind from a stream of its own."""

from collections.abc import Callable
from math import isinf, log
from random import Random

from snowpit.cluster.workload import Delay


def drawer(delay: Delay, stream: str) -> Callable[[], float]:
    """Draws durations by a law, s.

    Args:
        delay: The law. A constant is the mean itself, to the last bit.
        stream: Names the chance: ``seed:who:what``.

    >>> drawer(Delay(mean_s=0.25), "1:apps:service")()
    0.25
    """
    mean, sigma = delay.mean_s, delay.sigma
    if delay.law == "constant" or mean <= 0.0 or isinf(mean):
        return lambda: mean
    chance = Random(stream)  # noqa: S311 - a simulation
    if delay.law == "exponential":
        return lambda: chance.expovariate(1.0 / mean)
    if delay.law == "uniform":
        return lambda: 2.0 * mean * chance.random()
    middle = log(mean) - sigma * sigma / 2.0
    return lambda: chance.lognormvariate(middle, sigma)
