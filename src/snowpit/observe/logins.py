"""Requests refused by authentication, and the look-ups that the server makes at itself to authenticate."""

from snowpit.model.observation import FailedLogins, Loopback
from snowpit.observe.figures import median, pointers, spread, top_values
from snowpit.observe.scope import Scope
from snowpit.store import Tables

BUSY = 20
"""Look-ups in a second from which it counts as busy; a burst is one second among many then."""

LIMITER_RATES = (45, 55)
"""Look-ups a second that count as the mark of the limiter of 50 a second."""

SECONDS = 100_000


def logins(tables: Tables, scope: Scope) -> FailedLogins:
    """Requests answered 401: how many, how fast, from where.

    Unit: attempts; attempts per second.

    Assumptions: 401 is given by authentication; a handler could give it too, but none in Kubernetes does.

    How computed: counts by source address and agent; the reason is searched for the word ``bearer``.

    Cannot see: who it was (the user is unknown by nature); 401 in logs whose policy omits ``ResponseStarted``, the
    only stage that these events have.

    Source: Kubernetes 1.12.0 ``staging/src/k8s.io/apiserver/pkg/endpoints/filters/authn_audit.go``.
    """
    where = "outcome = 'unauthorized'"
    *counts, first = tables.run(
        "SELECT coalesce(sum(many), 0), coalesce(sum(many) FILTER (reason IS NOT NULL), 0),"
        f" coalesce(sum(many) FILTER (contains(lower(reason), 'bearer')), 0), (SELECT arg_min(earliest, earliest) FROM cells"
        f" WHERE {where}) FROM sorts WHERE {where}"
    )[0]
    attempts, told, bearer = (int(count) for count in counts)
    peak = int(
        tables.run(
            "SELECT coalesce(max(n), 0) FROM (SELECT sum(n) AS n FROM arrivals"
            f" SEMI JOIN (FROM sorts WHERE {where}) USING (sort) GROUP BY sec)"
        )[0][0]
    )
    return FailedLogins(
        attempts=attempts,
        share=attempts / scope.attempts if scope.attempts else 0.0,
        rate=attempts / scope.seconds,
        peak_rate=peak,
        bearer=bearer if told else None,
        sources=spread(tables, "source", where=where),
        top_sources=top_values(tables, "source", where=where),
        top_agents=top_values(tables, "user_agent", where=where),
        samples=pointers(scope, (first,)),
    )


def loopback(tables: Tables, scope: Scope) -> Loopback:
    """GETs of Secrets and ServiceAccounts by the server itself, which validate ServiceAccount tokens.

    Unit: look-ups; look-ups per second.

    Assumptions: the loopback client is the user ``system:apiserver``. A legacy token that is not cached costs one
    GET of a Secret and one of a ServiceAccount. Look-ups behind the 50-a-second limiter come at 45 to 55 a second.

    How computed: counts by second and object. Dead work: look-ups in seconds without any open TokenReview, after one
    ended by time-out in the 60 s before; zero where open reviews cannot be told.

    Cannot see: anything if the policy leaves the loopback client out, as most do; look-ups from informers (1.14 on).

    Source: Kubernetes 1.12.4 ``pkg/serviceaccount/legacy.go``; client-go 1.12.0 ``util/flowcontrol/throttle.go``.
    """
    where = "client_kind = 'loopback' AND v = 'get' AND g = '' AND r IN ('secrets', 'serviceaccounts')"
    secrets, accounts, distinct_secrets, distinct = tables.run(
        "SELECT count(*) FILTER (r = 'secrets'), count(*) FILTER (r = 'serviceaccounts'),"
        " count(DISTINCT hash(namespace_id, name_id)) FILTER (r = 'secrets'), count(DISTINCT hash(r, namespace_id, name_id))"
        f" FROM base WHERE {where}"
    )[0]
    rates = [
        int(row[0])
        for row in tables.run(
            f"SELECT sum(n) FROM starts WHERE {where} GROUP BY sec ORDER BY sec LIMIT {SECONDS}"
        )
    ]
    peak = max(rates, default=0)
    visible = tables.run("SELECT count(*) FROM cells WHERE client_kind = 'loopback'")[0][0] > 0
    return Loopback(
        visible=visible,
        secrets=secrets,
        serviceaccounts=accounts,
        distinct_secrets=distinct_secrets,
        peak_rate=peak,
        busy_rate=median([rate for rate in rates if rate >= BUSY]),
        busy_s=sum(1 for rate in rates if LIMITER_RATES[0] <= rate <= LIMITER_RATES[1]),
        repeated=secrets + accounts - distinct,
        after_timeout=_dead(tables, where) if scope.timed and rates else 0,
    )


def _dead(tables: Tables, where: str) -> int:
    """Look-ups that arrived while no TokenReview was open, within a minute of one that timed out."""
    return int(
        tables.run(
            "WITH marks AS (SELECT sec, n, 0 AS late, 0 AS looks FROM starts WHERE r = 'tokenreviews'"
            " UNION ALL SELECT sec + 1, -n, CASE WHEN outcome = 'timed_out' THEN n ELSE 0 END, 0 FROM ends"
            " WHERE r = 'tokenreviews' AND outcome <> 'open'"
            f" UNION ALL SELECT sec, 0, 0, n FROM starts WHERE {where}),"
            " seconds AS (SELECT sec, sum(n) AS n, sum(late) AS late, sum(looks) AS looks FROM marks GROUP BY sec),"
            " levels AS (SELECT looks, sum(n) OVER (ORDER BY sec) AS reviews,"
            " sum(late) OVER (ORDER BY sec RANGE BETWEEN 60 PRECEDING AND CURRENT ROW) AS late FROM seconds)"
            " SELECT coalesce(sum(looks) FILTER (reviews <= 0 AND late > 0), 0) FROM levels"
        )[0][0]
    )
