"""Look-ups that the server makes at itself to validate ServiceAccount tokens."""

from snowpit.model.observation import Loopback
from snowpit.observe.figures import median
from snowpit.observe.scope import Scope
from snowpit.store import Tables

LOOKUP = (
    "client_kind = 'loopback' AND v = 'get' AND g = '' AND r IN ('secrets', 'serviceaccounts') AND s = ''"
)
NAMED = "coalesce(namespace, '') || '/' || coalesce(name, uri, '')"
SECONDS = 200_000
"""Busy seconds looked at."""


def loopback(tables: Tables, scope: Scope) -> Loopback:
    """GETs of Secrets and ServiceAccounts by system:apiserver, their rate, and look-ups made for nothing.

    Up to 1.16 each uncached legacy token costs two of them, through one client limited to 50 a second with a
    burst of 100 (``pkg/server/config.go``; lifted in 1.13.12, 1.14.8, 1.15.5, 1.16.1). ``busy_s`` counts the
    seconds at that limit, 45 to 55. ``repeated`` is what came beyond the first look-up of each object. A look-up
    that arrives while no TokenReview is open works for nobody, or for a ServiceAccount that authenticates by
    itself, whose wait the audit clock does not show before 1.20: ``after_timeout`` is 0 where reviews are not logged.
    Most policies leave this client out: then nothing is visible, which is not zero.
    """
    ((visible, secrets, accounts, distinct, repeated),) = tables.run(
        "SELECT (SELECT count(*) FROM starts WHERE client_kind = 'loopback') > 0,"
        " coalesce(sum(n) FILTER (r = 'secrets'), 0)::BIGINT,"
        " coalesce(sum(n) FILTER (r = 'serviceaccounts'), 0)::BIGINT, count(*) FILTER (r = 'secrets'),"
        f" coalesce(sum(n - 1), 0)::BIGINT FROM (SELECT r, {NAMED} AS object, count(*) AS n FROM base"
        f" WHERE {LOOKUP} GROUP BY r, object)"
    )
    rates = [
        rate
        for (rate,) in tables.run(
            f"SELECT sum(n)::BIGINT AS rate FROM starts WHERE {LOOKUP} GROUP BY sec ORDER BY rate DESC LIMIT {SECONDS}"
        )
    ]
    peak = max(rates, default=0)
    return Loopback(
        visible=bool(visible),
        secrets=secrets,
        serviceaccounts=accounts,
        distinct_secrets=distinct,
        peak_rate=peak,
        busy_rate=median([rate for rate in rates if 2 * rate >= peak]),
        busy_s=sum(1 for rate in rates if 45 <= rate <= 55),  # noqa: PLR2004 - 50 a second, within 10 %
        repeated=repeated,
        after_timeout=_for_nobody(tables, scope) if secrets + accounts else 0,
    )


def _for_nobody(tables: Tables, scope: Scope) -> int:
    """Look-ups in seconds in which no TokenReview was open at any time, once any had been asked for."""
    del scope
    ((count,),) = tables.run(
        "WITH marks AS (SELECT sec, sum(a)::BIGINT AS a, sum(e)::BIGINT AS e, sum(l)::BIGINT AS l FROM ("
        " SELECT sec, sum(n) AS a, 0 AS e, 0 AS l FROM starts WHERE r = 'tokenreviews' AND NOT rejected GROUP BY sec"
        " UNION ALL SELECT sec, 0, sum(n), 0 FROM ends WHERE r = 'tokenreviews' AND outcome NOT IN ('rejected', 'open')"
        " GROUP BY sec"
        f" UNION ALL SELECT sec, 0, 0, sum(n) FROM starts WHERE {LOOKUP} GROUP BY sec) GROUP BY sec),"
        " standing AS (SELECT l, sum(a) OVER w AS asked, sum(a) OVER w - sum(e) OVER w + e AS open"
        " FROM marks WINDOW w AS (ORDER BY sec))"
        " SELECT coalesce(sum(l), 0)::BIGINT FROM standing WHERE asked > 0 AND open <= 0"
    )
    return int(count)
