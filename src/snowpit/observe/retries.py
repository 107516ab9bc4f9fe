"""Repeated attempts after refusals and failures."""

from typing import Any

from snowpit.model.observation import Retries, RetryChain
from snowpit.model.window import MICROS
from snowpit.observe.figures import pointers, quantile
from snowpit.observe.scope import Scope, request_class
from snowpit.store import Tables

LONGEST_GAP_S = 90
MOST = 1_000_000
"""Attempts that are looked at; beyond, a share of the clients stands for all."""

FAILED = "('rejected', 'timed_out', 'server_error', 'aborted')"

_FAILING = f"""
CREATE OR REPLACE TEMP TABLE failing AS SELECT DISTINCT v, g, r, s FROM cells WHERE outcome IN {FAILED} AND NOT long
"""

_WISH = "hash(v, g, r, s, user_id, agent_id, source_id, namespace_id, name_id)"
"""One wish is one client and request; a number stands for it, as comparing nine texts for every pair is slow."""

_SAMPLE = "hash(user_id, agent_id, source_id) % {sample} = 0"

_TRIES = f"""
CREATE OR REPLACE TEMP TABLE tries AS
WITH wishes AS (
  SELECT DISTINCT {_WISH} AS wish FROM base SEMI JOIN failing USING (v, g, r, s)
  WHERE outcome IN {FAILED} AND {_SAMPLE}),
attempts AS (
  SELECT v, g, r, s, user_id AS who, {_WISH} AS wish, received, ended, outcome IN {FAILED} AS failed,
    outcome = 'rejected' AS rejected, file, line
  FROM base SEMI JOIN failing USING (v, g, r, s)),
steps AS (
  SELECT *, lag(failed) OVER w AND received - lag(ended) OVER w BETWEEN 0 AND {LONGEST_GAP_S * MICROS} AS follows,
    lag(rejected) OVER w AS refused, received - lag(ended) OVER w AS gap, row_number() OVER w AS place
  FROM attempts SEMI JOIN wishes USING (wish)
  WINDOW w AS (PARTITION BY wish ORDER BY received, ended, file, line, failed))
SELECT v, g, r, s, who, wish, received, refused, gap, coalesce(follows, false) AS again, file, line, place,
  sum(CASE WHEN coalesce(follows, false) THEN 0 ELSE 1 END) OVER (PARTITION BY wish ORDER BY place) AS chain
FROM steps
"""

_CHAINS = """
CREATE OR REPLACE TEMP TABLE chains AS
SELECT wish, count(*) AS n, min(received) AS start, arg_min(gap, place) FILTER (again) AS first_gap,
  arg_max(gap, place) FILTER (again) AS last_gap, CAST(sum(gap) FILTER (again) AS BIGINT) AS gaps,
  arg_min(file, place) AS file, arg_min(line, place) AS line, any_value(v) AS v, any_value(g) AS g,
  any_value(r) AS r, any_value(s) AS s, any_value(who) AS who
FROM tries GROUP BY wish, chain HAVING count(*) > 1
"""
_COUNTS = f"""
WITH counts AS (SELECT v, g, r, s, count(*) AS n FROM base SEMI JOIN failing USING (v, g, r, s) WHERE {_SAMPLE} GROUP BY ALL),
repeated AS (
  SELECT v, g, r, s, count(*) FILTER (again) AS again, count(*) FILTER (again AND refused) AS refused FROM tries GROUP BY ALL)
SELECT v, g, r, s, n, coalesce(again, 0) AS again, coalesce(refused, 0) FROM counts LEFT JOIN repeated USING (v, g, r, s)
ORDER BY again DESC, n DESC, v, g, r, s LIMIT 100000
"""


def retries(tables: Tables, scope: Scope) -> Retries:
    """Attempts that repeat a failed one of the same client, and how much they multiply the load.

    Unit: attempts; seconds.

    Assumptions: an attempt is a retry if the same client (user, agent, source) made the same request (verb,
    resource, namespace, name) before, that attempt was the last one and failed (429, 504, other 5xx, aborted),
    and ended at most 90 s before. Only classes that failed at all are looked at.

    How computed: attempts in order of arrival for each client and request that failed at all; chains are runs of
    retries. Above a million attempts in such classes a share of the clients (by hash) is looked at, and the counts
    are scaled up.

    Cannot see: which of several concurrent requests of one client, alike in all columns, is repeated; retries that
    fall to another API server whose log is missing.
    """
    tables.run(_FAILING)
    nearby = int(
        tables.run("SELECT coalesce(sum(n), 0) FROM cells SEMI JOIN failing USING (v, g, r, s)")[0][0]
    )
    scale = -(-nearby // MOST) or 1
    tables.run(_TRIES.format(sample=scale))
    tables.run(_CHAINS)
    rows = tables.run(_COUNTS.format(sample=scale))
    attempts = sum(row[4] for row in rows) * scale
    again = sum(row[5] for row in rows) * scale
    return Retries(
        attempts=attempts,
        retries=again,
        requests=attempts - again,
        amplification=attempts / (attempts - again) if attempts > again else 1.0,
        after_rejection=sum(row[6] for row in rows) * scale,
        gap_p50_s=_gap(tables),
        growing=_growing(tables),
        by_class=tuple((request_class(row), row[4] * scale, row[5] * scale) for row in rows[:5]),
        longest=_longest(tables, scope),
    )


def _gap(tables: Tables) -> float | None:
    """Median gap between the end of a failure and the retry, in seconds."""
    rows = tables.run(
        "SELECT CAST(floor(log2(greatest(gap, 1)) * 16) AS INTEGER) AS bucket, count(*), min(gap), max(gap)"
        " FROM tries WHERE again GROUP BY bucket"
    )
    counts = {row[0]: row[1] for row in rows}
    low, high = min((row[2] for row in rows), default=0), max((row[3] for row in rows), default=0)
    return quantile(counts, 0.5, low=low, high=high)


def _growing(tables: Tables) -> float:
    """Share of chains of three or more attempts whose last gap is longer than the first by a fifth."""
    grown, whole = tables.run(
        "SELECT count(*) FILTER (last_gap > 1.2 * first_gap), count(*) FROM chains WHERE n >= 3"
    )[0]
    return float(grown / whole) if whole else 0.0


def _longest(tables: Tables, scope: Scope) -> tuple[RetryChain, ...]:
    """The three longest chains."""
    rows: list[tuple[Any, ...]] = tables.run(
        "SELECT v, g, r, s, coalesce(value, ''), n, gaps, {'file': file, 'line': line} FROM chains LEFT JOIN names ON id = who"
        " ORDER BY n DESC, start, value, v, g, r, s, file, line, gaps LIMIT 3"
    )
    return tuple(
        RetryChain(
            client=row[4],
            key=request_class(row),
            attempts=row[5],
            gap_s=row[6] / (row[5] - 1) / MICROS,
            pointer=next(iter(pointers(scope, (row[7],))), None),
        )
        for row in rows
    )
