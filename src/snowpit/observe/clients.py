"""Who asks: the largest values of each dimension, evenness, kinds of client."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

from snowpit.model.observation import Client, ClientKind, Evenness, RequestClass
from snowpit.model.window import MICROS
from snowpit.observe.figures import callers, quantile, spread
from snowpit.observe.scope import Scope
from snowpit.store import Tables

DIMENSIONS = ("user", "user_agent", "source", "node", "namespace")
TOP = 15

_ERRORS = "('client_error', 'unauthorized', 'timed_out', 'server_error', 'aborted')"

_TOP = """
WITH groups AS (
  SELECT id, v, r, s, CAST(sum(n) AS BIGINT) AS n, coalesce(sum(n) FILTER (outcome IN {errors}), 0) AS errors,
    coalesce(sum(n) FILTER (outcome = 'rejected'), 0) AS rejected,
    sum(CASE WHEN holder THEN total ELSE 0 END) AS held, min(first_user) AS first_user, max(last_user) AS last_user
  FROM {table} JOIN sorts USING (sort) GROUP BY ALL),
totals AS (
  SELECT {name} AS value, id, CAST(sum(n) AS BIGINT) AS n, CAST(sum(held) AS BIGINT) AS held, CAST(sum(errors) AS BIGINT) AS errors,
    CAST(sum(rejected) AS BIGINT) AS rejected, arg_max({{'v': v, 'r': r, 's': s}}, (n, v, r, s)) AS class,
    coalesce(min(first_user) = max(last_user), true) AS sole
  FROM groups JOIN names USING (id) GROUP BY value, id HAVING value <> ''),
ranked AS (
  SELECT *, row_number() OVER (ORDER BY n DESC, value) AS by_count, row_number() OVER (ORDER BY held DESC, value) AS by_held
  FROM totals)
SELECT value, n, held, errors, rejected, class, sole, id FROM ranked WHERE by_count <= {top} OR by_held <= {top}
ORDER BY held DESC, n DESC, value LIMIT {top}
"""


def clients(tables: Tables, scope: Scope) -> tuple[Client, ...]:
    """The largest users, agents, sources, nodes and namespaces by seat time, then attempts.

    Unit: attempts; seconds of seat time; attempts in one second.

    Assumptions: none; a value is counted as the evidence spells it.

    How computed: counts and sums for each value; the 15 largest of each dimension.

    Cannot see: clients behind one address (a proxy), one credential shared by many, or the address of a request
    that the evidence does not carry.
    """
    held = max(1, int(tables.run("SELECT coalesce(sum(held), 0) FROM cells")[0][0]))
    found: list[Client] = []
    for column in DIMENSIONS:
        table, name = callers(column)
        rows = tables.run(_TOP.format(table=table, name=name, errors=_ERRORS, top=TOP))
        peaks = _peaks(tables, column, {row[7]: row[0] for row in rows})
        found.extend(_client(column, row, held=held, peaks=peaks, scope=scope) for row in rows)
    return tuple(found)


def _peaks(tables: Tables, column: str, values: dict[int, str]) -> dict[str, int]:
    """Most arrivals in one second for each value, given by its number in ``names``."""
    if not values:
        return {}
    id_ = {"user_agent": "agent_id", "node": "user_id"}.get(column, f"{column}_id")
    rows = tables.run(
        f"SELECT id, max(n) FROM (SELECT {id_} AS id, received // 1000000 AS sec, count(*) AS n FROM narrow"
        f" WHERE {id_} IN ({', '.join(map(str, values))}) GROUP BY ALL) GROUP BY id"
    )
    return {values[id_]: peak for id_, peak in rows}


def _client(column: str, row: tuple[Any, ...], *, held: int, peaks: dict[str, int], scope: Scope) -> Client:
    """One value from its row."""
    words = RequestClass(row[5]["v"], "", row[5]["r"], row[5]["s"])
    return Client(
        dimension=column,
        value=row[0],
        attempts=row[1],
        share=row[1] / scope.attempts,
        held_s=row[2] / MICROS,
        held_share=row[2] / held,
        errors=row[3],
        rejected=row[4],
        peak_rate=peaks.get(row[0], 0),
        top_class=str(words),
        sole_user=row[6],
    )


def evenness_of_all(tables: Tables, scope: Scope) -> Mapping[str, Evenness]:
    """How evenly all attempts are spread over nodes, source addresses and users.

    Unit: share; Gini coefficient from 0 (all equal) towards 1 (one has all).

    Assumptions: only sources that asked at all are counted.

    How computed: attempts by value; over the 100,000 largest.

    Cannot see: see the observation ``clients``.
    """
    del scope
    return {column: spread(tables, column) for column in ("node", "source", "user")}


class _Sojourns(NamedTuple):
    """Sojourn times of one kind of client: attempts by logarithmic bucket, shortest and longest, µs."""

    buckets: Mapping[int, int]
    low: int
    high: int

    def quantile(self, share: float) -> float | None:
        return quantile(self.buckets, share, low=self.low, high=self.high)


def _sojourns(tables: Tables) -> Mapping[str, _Sojourns]:
    """Sojourn times by kind of client, without long-running requests."""
    rows = tables.run(
        "SELECT client_kind, map(list(bucket), list(n)), min(low), max(high) FROM"
        " (SELECT client_kind, bucket, CAST(sum(n) AS BIGINT) AS n, min(low) AS low, max(high) AS high FROM cells"
        " WHERE bucket IS NOT NULL AND NOT coalesce(long, false) GROUP BY client_kind, bucket) GROUP BY client_kind"
    )
    return {kind: _Sojourns(buckets, low, high) for kind, buckets, low, high in rows}


def kinds(tables: Tables, scope: Scope) -> tuple[ClientKind, ...]:
    """How each kind of client fares: kubelets, ServiceAccounts, masters, the server itself, anonymous and other users.

    Unit: attempts; seconds.

    Assumptions: the kind follows from the user name and groups.

    How computed: outcomes and logarithmic buckets of the sojourn time by kind, long-running requests left out of
    the quantiles; the longest distance of two seconds with arrivals.

    Cannot see: before 1.20, ServiceAccounts that wait in authentication: they fall silent instead of slow.
    """
    outcomes: dict[str, dict[str, int]] = defaultdict(dict)
    for kind, outcome, attempts in tables.run(
        "SELECT client_kind, outcome, CAST(sum(n) AS BIGINT) FROM cells GROUP BY ALL ORDER BY client_kind, outcome"
    ):
        outcomes[kind][outcome] = attempts
    sojourns = _sojourns(tables) if scope.timed else {}
    users = dict(
        tables.run(
            "SELECT client_kind, count(*) FROM (SELECT DISTINCT client_kind, coalesce(users.id, hash('')) FROM sorts"
            " LEFT JOIN users USING (sort)) GROUP BY client_kind"
        )
    )
    silences = dict(
        tables.run(
            "SELECT client_kind, max(gap) FROM (SELECT client_kind, lead(sec) OVER (PARTITION BY client_kind ORDER BY sec)"
            " - sec AS gap FROM (SELECT DISTINCT client_kind, sec FROM starts)) GROUP BY client_kind"
        )
    )
    return tuple(
        ClientKind(
            kind=kind,
            attempts=sum(counts.values()),
            users=users.get(kind, 0),
            outcomes=counts,
            p50_s=sojourns[kind].quantile(0.5) if kind in sojourns else None,
            p99_s=sojourns[kind].quantile(0.99) if kind in sojourns else None,
            longest_silence_s=float(silences.get(kind) or 0),
        )
        for kind, counts in sorted(outcomes.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    )
