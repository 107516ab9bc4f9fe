"""LIST requests by where the answer comes from, and herds of LISTs and watches."""

from typing import Any

from snowpit.model.observation import Lists, ListSource, Relists
from snowpit.model.window import MICROS
from snowpit.observe.figures import quantile
from snowpit.observe.scope import Scope
from snowpit.store import Tables

SPAN_S = 30
TOP = 10

_SORTED = """
CREATE OR REPLACE TEMP TABLE lists AS
WITH asked AS (
  SELECT sort, r, outcome, holder, done, uri IS NULL AND NOT {carried} AS unknown,
    coalesce(regexp_matches(uri, '[?&](limit=[1-9]|continue=[^&])'), false) AS paged,
    coalesce(regexp_matches(uri, '[?&]resourceVersion=[^&]'), false)
      AND NOT regexp_matches(uri, '[?&](continue=[^&]|resourceVersionMatch=Exact)') AS cached
  FROM sorts WHERE v = 'list' AND outcome <> 'unauthorized'),
counts AS (
  SELECT sort, user_id, agent_id, bucket, count(*) AS n, CAST(sum(ended - received) AS BIGINT) AS total,
    min(ended - received) AS low, max(ended - received) AS high
  FROM narrow SEMI JOIN asked USING (sort) GROUP BY ALL)
SELECT coalesce(users.value, '') AS who, coalesce(agents.value, '') AS agent, r, unknown, paged, cached, outcome, bucket,
  CAST(sum(n) AS BIGINT) AS n, CAST(sum(CASE WHEN holder THEN total ELSE 0 END) AS BIGINT) AS held,
  min(CASE WHEN done THEN low ELSE 0 END) AS low, max(CASE WHEN done THEN high ELSE 0 END) AS high
FROM counts JOIN asked USING (sort) LEFT JOIN names AS users ON users.id = user_id LEFT JOIN names AS agents ON agents.id = agent_id
GROUP BY ALL
"""

_TOP = f"""
SELECT who, agent, r, CAST(sum(n) AS BIGINT) AS n, coalesce(CAST(sum(n) FILTER (NOT cached AND NOT unknown) AS BIGINT), 0),
  CAST(sum(held) AS BIGINT) AS held FROM lists GROUP BY who, agent, r ORDER BY held DESC, n DESC, who, agent, r LIMIT {TOP}
"""


def lists(tables: Tables, scope: Scope) -> Lists:
    """LISTs, split by whether they must be read from the database.

    Unit: attempts; seconds; share of read-only seat time.

    Assumptions: a LIST without ``resourceVersion`` is read from the database (until consistent reads from cache), one
    with it from the watch cache, but for ``continue`` and ``resourceVersionMatch=Exact``. ``paged`` (``limit`` or
    ``continue``) is counted beside that split, not as a part of it. LISTs that authentication refused (401) never
    reach storage or cache and are left out.

    How computed: the query part of the URI; if no request shows any, the split is unknown.

    Cannot see: sizes of answers; LISTs made inside the server; whether a selector made the answer small.

    Source: Kubernetes 1.12.0 ``staging/src/k8s.io/apiserver/pkg/storage/cacher.go``.
    """
    carried = tables.run("SELECT coalesce(bool_or(queried), false) FROM sorts")[0][0]
    tables.run(_SORTED.format(carried="true" if carried else "false"))
    attempts, held, storage, paged, cached, unknown = (
        int(value or 0)
        for value in tables.run(
            "SELECT sum(n), sum(held), sum(n) FILTER (NOT cached AND NOT unknown), sum(n) FILTER (paged),"
            " sum(n) FILTER (cached), sum(n) FILTER (unknown) FROM lists"
        )[0]
    )
    readonly = int(tables.run("SELECT coalesce(sum(held), 0) FROM cells WHERE NOT mut")[0][0])
    p50, p99, _ = _sojourn(tables, scope, "true", [])
    return Lists(
        attempts=attempts,
        held_share=held / readonly if readonly else 0.0,
        from_storage=storage,
        paged=paged,
        from_cache=cached,
        unknown=unknown,
        rate=attempts / scope.seconds,
        p50_s=p50,
        p99_s=p99,
        top=tuple(_source(tables, scope, row) for row in tables.run(_TOP)),
    )


def _source(tables: Tables, scope: Scope, row: tuple[Any, ...]) -> ListSource:
    """One source of LISTs from its row."""
    p50, _, longest = _sojourn(tables, scope, "who = ? AND agent = ? AND r = ?", list(row[:3]))
    return ListSource(
        user=row[0],
        user_agent=row[1],
        resource=row[2],
        attempts=row[3],
        from_storage=row[4],
        held_s=row[5] / MICROS,
        p50_s=p50,
        max_s=longest,
    )


def _sojourn(
    tables: Tables, scope: Scope, where: str, parameters: list[object]
) -> tuple[float | None, float | None, float | None]:
    """Median, 99th percentile and longest sojourn time of admitted LISTs."""
    rows = tables.run(
        f"SELECT bucket, CAST(sum(n) AS BIGINT), min(low), max(high) FROM lists WHERE {where} AND bucket IS NOT NULL"
        " AND outcome <> 'rejected' GROUP BY bucket",
        parameters,
    )
    if not rows or not scope.timed:
        return None, None, None
    counts = {row[0]: row[1] for row in rows}
    low, high = min(row[2] for row in rows), max(row[3] for row in rows)
    return (
        quantile(counts, 0.5, low=low, high=high),
        quantile(counts, 0.99, low=low, high=high),
        high / MICROS,
    )


_HERD = f"""
CREATE OR REPLACE TEMP TABLE herd AS
SELECT sec, lists, watches, arrivals,
  sum(lists) OVER span AS span_lists, sum(watches) OVER span AS span_watches, sum(arrivals) OVER span AS span_arrivals,
  sec - lag(sec) OVER (ORDER BY sec) AS silence
FROM (SELECT sec, sum(n) AS arrivals, coalesce(sum(n) FILTER (v = 'list'), 0) AS lists,
    coalesce(sum(n) FILTER (v = 'watch'), 0) AS watches FROM starts GROUP BY sec)
WINDOW span AS (ORDER BY sec RANGE BETWEEN CURRENT ROW AND {SPAN_S - 1} FOLLOWING)
"""

NO_HERD = Relists(
    lists=0,
    watches=0,
    at=None,
    clients=0,
    typical=0.0,
    gap_before_s=0.0,
    watches_ended=0,
    gone=0,
    share=0.0,
    decays=False,
)


def relists(tables: Tables, scope: Scope) -> Relists:
    """The busiest 30 s of LISTs and watch starts, and what went before and after.

    Unit: attempts in 30 s; seconds.

    Assumptions: clients whose watches broke LIST again and then watch; after a restart all do so at once.

    How computed: LISTs and watch starts in each stretch of 30 s that begins with a second of arrivals; the fullest
    is compared with the median 30 s (aligned) of the rest of the window, empty ones included.

    Cannot see: anything if the policy leaves read requests out; whether the server restarted (a silence of all
    requests before the herd speaks for it).
    """
    tables.run(_HERD)
    top = tables.run(
        "SELECT sec, span_lists, span_watches, span_arrivals FROM herd WHERE lists + watches > 0"
        " ORDER BY span_lists + span_watches DESC, sec LIMIT 1"
    )
    if not top:
        return NO_HERD
    at, lists_, watches, arrivals = (int(value) for value in top[0])
    gap = tables.run("SELECT coalesce(max(silence), 0) FROM herd WHERE sec BETWEEN ? AND ?", [at - 120, at])[
        0
    ][0]
    ended = tables.run(
        "SELECT coalesce(sum(n), 0) FROM ends WHERE v = 'watch' AND outcome <> 'open' AND sec BETWEEN ? AND ?",
        [at - 60, at],
    )[0][0]
    clients, gone = tables.run(
        "SELECT count(DISTINCT hash(user_id, agent_id, source_id)) FILTER (v IN ('list', 'watch') AND sec < ?),"
        " count(*) FILTER (code = 410) FROM base WHERE sec BETWEEN ? AND ?",
        [at + SPAN_S, at, at + SPAN_S + 60],
    )[0]
    return Relists(
        lists=lists_,
        watches=watches,
        at=at * MICROS,
        clients=clients,
        typical=_typical(tables, scope, at),
        gap_before_s=float(gap),
        watches_ended=int(ended),
        gone=gone,
        share=(lists_ + watches) / arrivals if arrivals else 0.0,
        decays=_decays(tables, scope, at, peak=lists_ + watches),
    )


def _typical(tables: Tables, scope: Scope, at: int) -> float:
    """Median LISTs and watch starts in 30 s, over the stretches that do not touch the herd."""
    rows = tables.run(
        f"SELECT CAST(sum(lists + watches) AS BIGINT) AS n FROM herd WHERE sec < ? OR sec >= ? GROUP BY (sec - ?) // {SPAN_S}"
        " ORDER BY n LIMIT 200000",
        [at - SPAN_S, at + 2 * SPAN_S, scope.first_second],
    )
    stretches = max(len(rows), (scope.last_second + 1 - scope.first_second) // SPAN_S - 3)
    index = (stretches - 1) // 2 - (stretches - len(rows))
    return float(rows[index][0]) if stretches > 0 and index >= 0 else 0.0


def _decays(tables: Tables, scope: Scope, at: int, *, peak: int) -> bool:
    """Whether a later stretch of 30 s within five minutes has less than a quarter."""
    rows = dict(
        tables.run(
            f"SELECT (sec - ?) // {SPAN_S} AS b, sum(lists + watches) FROM herd WHERE sec >= ? AND sec < ? GROUP BY b",
            [at, at + SPAN_S, at + 300],
        )
    )
    last = min(10, (scope.last_second + 1 - at) // SPAN_S)
    return any(rows.get(index, 0) * 4 < peak for index in range(1, last))
