"""Chance without state: a number in (0, 1) for (key, purpose, number), the same in every run and order.

The key holds seed and entity. Mixing is the two-round multiply-xorshift of Wellons' hash
prospector in 32 bits, whose products fit 63 bits, so that plain Python, numpy and
compiled code agree to the last bit. Source: github.com/skeeto/hash-prospector (bias 0.107).
"""

from math import log
from typing import Any, TypeAlias

from snowpit.simulate.engine.layout import CONSTANT, EXPONENTIAL, QUANTILES, UNIFORM, Records

Whole: TypeAlias = Any
"""An integer; outside the loop also an array of them, int64."""

MASK = 0xFFFFFFFF
STRIDE = 0x1E3779B1
"""An odd number, for the walk over counters."""

THINK, PATIENCE_OF, NETWORK, SERVICE, JITTER, PHASE, SPREAD, READ, TOKEN, GAP, SHED = range(1, 12)
"""What a number is drawn for."""


def mixed(x: Whole) -> Whole:
    """A 32-bit number scrambled, one to one."""
    x = ((x ^ (x >> 16)) * 0x21F0AAAD) & MASK
    x = ((x ^ (x >> 15)) * 0x735A2D97) & MASK
    return x ^ (x >> 15)


def key_of(seed: int, entity: Whole) -> Whole:
    """Key of an entity's draws in the run of that seed."""
    return mixed(mixed(seed & MASK) ^ mixed((entity + 0x3C6EF372) & MASK))


def uniform(key: Whole, purpose: int, number: Whole) -> Whole:
    """The draw of that number for that purpose: uniform in (0, 1), a multiple of 2^-33."""
    stream = mixed((key + purpose * STRIDE) & MASK)
    value = mixed(mixed((stream + number * STRIDE) & MASK) ^ key)
    return (value + 0.5) / 4294967296.0


def quantile(tables: Records, table: int, u: float) -> float:
    """Quantile u of a tabulated distribution with mean 1, linear between its points."""
    x = u * QUANTILES
    i = int(x)
    low = tables[table, i]
    return float(low + (x - i) * (tables[table, i + 1] - low))


def delay(tables: Records, law: int, mean: float, table: int, u: float) -> float:
    """A duration by its law, s.

    Args:
        tables: Quantiles of the tabulated laws.
        law: ``CONSTANT``, ``EXPONENTIAL``, ``UNIFORM`` or ``LOGNORMAL`` (tabulated).
        mean: Mean, s.
        table: Row of ``tables``.
        u: Uniform number in (0, 1).
    """
    if law == CONSTANT:
        return mean
    if law == EXPONENTIAL:
        return -mean * log(u)
    if law == UNIFORM:
        return 2.0 * mean * u
    return mean * quantile(tables, table, u)
