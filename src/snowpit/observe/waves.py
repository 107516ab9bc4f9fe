"""Arrivals in waves: their period, by autocorrelation."""

import math
from collections import defaultdict
from collections.abc import Sequence

from snowpit.model.observation import RequestClass, Synchrony
from snowpit.observe.scope import Scope, request_class, step_seconds
from snowpit.store import Tables

CLASSES = 8
LEAST_ARRIVALS = 50
LONGEST_S = 600
LEAST_STRENGTH = 0.4
DISPERSION = 2.0
PERIODS = 3

_TOP = f"""
CREATE OR REPLACE TEMP TABLE frequent AS SELECT v, g, r, s, sum(n) AS n FROM starts GROUP BY v, g, r, s
HAVING sum(n) >= {LEAST_ARRIVALS} ORDER BY n DESC, v, g, r, s LIMIT {CLASSES}
"""


def waves(tables: Tables, scope: Scope) -> tuple[Synchrony, ...]:
    """Request classes whose arrivals come in waves, with the period.

    Unit: seconds; autocorrelation from 0 to 1.

    Assumptions: clients that act in step (timers started together, caches that expire together) make the number
    of arrivals a second repeat itself; independent clients make it vary like a Poisson process.

    How computed: arrivals per bin of the eight most frequent classes (over the stretch from their first to
    their last arrival); autocorrelation at lags of 2 bins to 600 s, at most a third of that stretch. The period is
    the shortest local maximum within a tenth of the highest, after the autocorrelation has dipped. It counts if
    variance over mean is at least 2, and the strength at least 0.4 and four standard errors of white noise.
    At twice the period it must still be half as high.

    Cannot see: waves of less than two seconds; fewer than three periods; periods that wander.
    """
    step = step_seconds(scope)
    tables.run(_TOP)
    series: dict[RequestClass, dict[int, int]] = defaultdict(dict)
    for row in tables.run(
        f"SELECT v, g, r, s, (sec - ?) // {step} AS bin, CAST(sum(starts.n) AS BIGINT) FROM starts"
        " SEMI JOIN frequent USING (v, g, r, s) GROUP BY v, g, r, s, bin ORDER BY bin",
        [scope.first_second],
    ):
        series[request_class(row)][row[4]] = row[5]
    found = []
    for key, counts in series.items():
        first, last = min(counts), max(counts)
        values = [counts.get(index, 0) for index in range(first, last + 1)]
        wave = period(values, longest=max(2, LONGEST_S // step))
        if wave is not None:
            mean = sum(values) / len(values)
            found.append(
                Synchrony(
                    key=key, period_s=float(wave[0] * step), strength=wave[1], peak_to_mean=max(values) / mean
                )
            )
    return tuple(sorted(found, key=lambda item: (-item.strength, item.key)))


def period(values: Sequence[int], *, longest: int) -> tuple[int, float] | None:
    """Period of a series in bins with its strength; null if it does not repeat itself beyond chance.

    Args:
        values: Counts per bin.
        longest: Longest lag looked at, in bins.
    """
    size = len(values)
    limit = min(longest, size // PERIODS)
    mean = sum(values) / size if size else 0.0
    variance = sum((value - mean) ** 2 for value in values) / size if size else 0.0
    if limit < 2 or variance < DISPERSION * mean:  # noqa: PLR2004
        return None
    strengths = autocorrelation(values, 2 * limit)
    peaks = [lag for lag in _peaks_after_dip(strengths[: limit + 1]) if _echoes(strengths, lag)]
    highest = max((strengths[lag] for lag in peaks), default=0.0)
    if highest <= 0:
        return None
    lag = next(lag for lag in peaks if strengths[lag] >= 0.9 * highest)
    if strengths[lag] < max(LEAST_STRENGTH, 4 / math.sqrt(size)):
        return None
    return lag, min(1.0, strengths[lag])


def _echoes(strengths: Sequence[float], lag: int) -> bool:
    """Whether the autocorrelation is high at twice the lag as well, within 2 %."""
    reach = max(1, lag // 50)
    return max(strengths[2 * lag - reach : 2 * lag + reach + 1]) >= strengths[lag] / 2


def _peaks_after_dip(strengths: Sequence[float]) -> list[int]:
    """Lags of local maxima, from 2 on, before which the autocorrelation was lower by at least 0.2."""
    peaks = []
    lowest = 1.0
    for lag in range(1, len(strengths)):
        after = strengths[lag + 1] if lag + 1 < len(strengths) else -1.0
        high = strengths[lag]
        if lag > 1 and high >= strengths[lag - 1] and high > after and high - lowest >= 0.2:  # noqa: PLR2004
            peaks.append(lag)
        lowest = min(lowest, high)
    return peaks


def autocorrelation(values: Sequence[int], limit: int) -> list[float]:
    """Autocorrelation at lags 0 to ``limit``, each over the overlap of the series with itself.

    All sums of products come out of one product of two long integers, in whose digits they stand; that is
    a hundred times faster than adding them up one by one.
    """
    size = len(values)
    width = (max(values) ** 2 * size).bit_length() // 8 + 1
    ahead = int.from_bytes(b"".join(value.to_bytes(width, "little") for value in values), "little")
    behind = int.from_bytes(b"".join(value.to_bytes(width, "little") for value in reversed(values)), "little")
    digits = (ahead * behind).to_bytes(width * 2 * size, "little")
    mean = sum(values) / size
    spread = sum((value - mean) ** 2 for value in values) / size
    head = [0, *_cumulated(values)]
    found = []
    for lag in range(limit + 1):
        place = (size - 1 + lag) * width
        products = int.from_bytes(digits[place : place + width], "little")
        overlap = size - lag
        sums = head[overlap] + head[size] - head[lag]
        found.append((products - mean * sums + overlap * mean * mean) / overlap / spread if spread else 0.0)
    return found


def _cumulated(values: Sequence[int]) -> list[int]:
    """Cumulative sums."""
    total = 0
    sums = []
    for value in values:
        total += value
        sums.append(total)
    return sums
