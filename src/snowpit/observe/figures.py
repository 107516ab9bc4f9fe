"""Small arithmetic that observations share: quantiles of bucket counts, evenness, places in the evidence."""

import math
from collections.abc import Iterable, Mapping, Sequence

from snowpit.model.evidence import Pointer
from snowpit.model.observation import Evenness
from snowpit.model.request import BUCKETS_PER_OCTAVE
from snowpit.model.window import MICROS
from snowpit.observe.scope import Scope
from snowpit.store import Tables


def quantile(counts: Mapping[int, int], share: float, *, low: int, high: int) -> float | None:
    """Quantile of sojourn times counted in logarithmic buckets.

    Args:
        counts: Attempts by ``latency_bucket``.
        share: 0 to 1.
        low: Shortest, µs.
        high: Longest, µs.

    Returns:
        Seconds, the geometric middle of the bucket (± 2.2 %) clipped to the extremes; null without attempts.
    """
    total = sum(counts.values())
    if not total:
        return None
    wanted = max(1, math.ceil(share * total))
    for bucket in sorted(counts):
        wanted -= counts[bucket]
        if wanted <= 0:
            return min(max(2 ** ((bucket + 0.5) / BUCKETS_PER_OCTAVE), low), high) / MICROS
    return high / MICROS


def evenness(counts: Iterable[tuple[str, int]]) -> Evenness:
    """Evenness of counts over names; the Gini coefficient of equal counts is zero."""
    ordered = sorted(counts, key=lambda item: (item[1], item[0]))
    total = sum(count for _, count in ordered)
    if not total:
        return Evenness(sources=0, top="", top_share=0.0, gini=0.0, median=0.0)
    size = len(ordered)
    ranked = sum(rank * count for rank, (_, count) in enumerate(ordered, 1))
    top = max(ordered, key=lambda item: item[1])
    return Evenness(
        sources=size,
        top=top[0],
        top_share=top[1] / total,
        gini=max(0.0, 2 * ranked / (size * total) - (size + 1) / size),
        median=median([count for _, count in ordered]),
    )


def median(values: Sequence[float]) -> float:
    """Median; zero of nothing."""
    ordered = sorted(values)
    size = len(ordered)
    if not size:
        return 0.0
    return float((ordered[(size - 1) // 2] + ordered[size // 2]) / 2)


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest-rank percentile; zero of nothing."""
    ordered = sorted(values)
    return float(ordered[max(0, math.ceil(share * len(ordered)) - 1)]) if ordered else 0.0


def pointers(scope: Scope, places: Iterable[Mapping[str, int | None] | None]) -> tuple[Pointer, ...]:
    """Places in the evidence of (file, line) pairs, without repetition.

    Args:
        scope: Names the files.
        places: Rows of the evidence; null where there is none.
    """
    found = []
    for place in places:
        if place is None or place["file"] is None or place["line"] is None:
            continue
        pointer = Pointer(scope.files.get(place["file"], f"file {place['file']}"), place["line"])
        if pointer not in found:
            found.append(pointer)
    return tuple(found)


def spread(tables: Tables, column: str, *, where: str = "true") -> Evenness:
    """Evenness of attempts over one column of ``base``; the smallest beyond 100,000 values are left out."""
    rows = tables.run(
        f"SELECT {column} AS item, count(*) AS n FROM base WHERE {column} IS NOT NULL AND {where}"
        " GROUP BY item ORDER BY n DESC, item LIMIT 100000"
    )
    return evenness(rows)


def top_values(tables: Tables, column: str, *, where: str, limit: int = 5) -> tuple[tuple[str, int], ...]:
    """The most frequent values of one column of ``base``."""
    return tuple(
        tables.run(
            f"SELECT {column} AS item, count(*) AS n FROM base WHERE {column} IS NOT NULL AND {where}"
            f" GROUP BY item ORDER BY n DESC, item LIMIT {limit}"
        )
    )
