"""LIST requests, by where the server takes the answer from."""

from typing import Any

from snowpit.model.observation import Lists, ListSource
from snowpit.model.window import MICROS
from snowpit.observe.figures import quantile
from snowpit.observe.scope import Scope
from snowpit.store import Tables

TOP = 10
"""Sources listed."""

WHERE = "v = 'list' AND NOT long"
VERSIONED = "regexp_matches(uri, '[?&]resourceVersion=[^&]')"
PAGED = "regexp_matches(uri, '[?&](limit=[1-9]|continue=[^&])')"
CACHED = f"({VERSIONED} AND NOT regexp_matches(uri, '[?&](resourceVersionMatch=Exact|continue=[^&])'))"
KNOWN = "uri LIKE '?%'"


def lists(tables: Tables, scope: Scope) -> Lists:
    """LISTs by served range: from storage, in pages, from the watch cache, and the sources with most seat time.

    A LIST with ``resourceVersion`` (0 included) is answered from the watch cache, unless it asks for an exact
    version or continues a page; one without goes to etcd, whole. ``limit`` is ignored by the cache for
    ``resourceVersion=0``. An event without a query part counts as ``unknown`` if the evidence shows none anywhere
    (envelopes drop it), else as from storage. From 1.31 on consistent reads may come from the cache all the same.
    """
    ((shown,),) = tables.run(f"SELECT count(*) FROM (SELECT 1 FROM base WHERE {KNOWN} LIMIT 1)")
    storage = f"NOT coalesce({CACHED}, false)" if shown else "false"
    ((n, stored, paged, cached),) = tables.run(
        f"SELECT count(*), count(*) FILTER ({storage}), count(*) FILTER ({PAGED}), count(*) FILTER ({CACHED})"
        f" FROM base WHERE {WHERE}"
    )
    ((held, total),) = tables.run(
        "SELECT coalesce(sum(held) FILTER (v = 'list'), 0), coalesce(sum(held), 0) FROM cells WHERE NOT mut"
    )
    counts, low, high = _buckets(tables)
    return Lists(
        attempts=n,
        held_share=float(held / total) if total else 0.0,
        from_storage=stored,
        paged=paged,
        from_cache=cached,
        unknown=0 if shown else n,
        rate=n / scope.seconds,
        p50_s=quantile(counts, 0.5, low=low, high=high) if scope.timed else None,
        p99_s=quantile(counts, 0.99, low=low, high=high) if scope.timed else None,
        top=_top(tables, scope, storage),
    )


def _buckets(tables: Tables) -> tuple[dict[int, int], int, int]:
    """LISTs by bucket of sojourn time, refused ones left out, with the extremes."""
    rows = tables.run(
        "SELECT bucket, sum(n)::BIGINT, min(low), max(high) FROM cells WHERE v = 'list' AND NOT long"
        " AND outcome <> 'rejected' AND bucket IS NOT NULL GROUP BY bucket"
    )
    counts = {bucket: n for bucket, n, _, _ in rows}
    return counts, min((row[2] for row in rows), default=0), max((row[3] for row in rows), default=0)


def _top(tables: Tables, scope: Scope, storage: str) -> tuple[ListSource, ...]:
    """Sources by seat time."""
    rows = tables.run(
        f"SELECT coalesce(\"user\", '') AS who, coalesce(user_agent, '') AS agent, r, count(*) AS n,"
        f" count(*) FILTER ({storage}), sum(CASE WHEN holder THEN ended - received ELSE 0 END)::BIGINT AS held,"
        " approx_quantile(latency, 0.5) FILTER (outcome <> 'rejected'),"
        f" max(latency) FILTER (outcome <> 'rejected') FROM base WHERE {WHERE}"
        f" GROUP BY who, agent, r ORDER BY held DESC, n DESC, who, agent, r LIMIT {TOP}"
    )

    def seconds(micros: Any) -> float | None:  # noqa: ANN401 - a number or null from the database
        return max(float(micros), 0.0) / MICROS if scope.timed and micros is not None else None

    return tuple(
        ListSource(
            user=who,
            user_agent=agent,
            resource=resource,
            attempts=n,
            from_storage=stored,
            held_s=held / MICROS,
            p50_s=seconds(half),
            max_s=seconds(longest),
        )
        for who, agent, resource, n, stored, held, half, longest in rows
    )
