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


def spread(tables: Tables, dimension: str, *, where: str = "true") -> Evenness:
    """Evenness of attempts over one dimension (see ``callers``); the smallest beyond 100,000 values are left out."""
    return evenness(_largest(tables, dimension, where, limit=100_000))


def top_values(tables: Tables, dimension: str, *, where: str, limit: int = 5) -> tuple[tuple[str, int], ...]:
    """The most frequent values of one dimension (see ``callers``)."""
    return tuple(_largest(tables, dimension, where, limit=limit))


def callers(dimension: str) -> tuple[str, str]:
    """Table of attempts by value and sort for one dimension, and SQL for the value's name in ``names``.

    Args:
        dimension: ``user``, ``user_agent``, ``source``, ``node`` or ``namespace``.
    """
    if dimension == "node":
        return (
            "(FROM users SEMI JOIN (FROM sorts WHERE named_node) USING (sort))",
            "substr(value, 13)",
        )
    return {"user_agent": "agents"}.get(dimension, f"{dimension}s"), "value"


def _largest(tables: Tables, dimension: str, where: str, *, limit: int) -> list[tuple[str, int]]:
    """Values with most attempts whose sort fulfils a condition."""
    table, name = callers(dimension)
    return tables.run(
        f"SELECT {name} AS item, n FROM (SELECT id, CAST(sum(n) AS BIGINT) AS n FROM {table}"
        f" SEMI JOIN (FROM sorts WHERE {where}) USING (sort) GROUP BY id) JOIN names USING (id)"
        f" ORDER BY n DESC, item LIMIT {limit}"
    )
