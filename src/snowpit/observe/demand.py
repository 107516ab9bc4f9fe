"""What a scenario can be read from: demand while all is well, and what the limiter shows once it is not."""

from snowpit.model.observation.demand import Demand, Signs
from snowpit.model.window import MICROS, Window
from snowpit.observe.demand_asking import asking, callers, gap_cv, rounds, tokens
from snowpit.observe.demand_limiter import limiter, newcomers
from snowpit.observe.demand_stretches import THROTTLED, stretches
from snowpit.store import Tables

SHORTEST_S = 60.0
"""A calm stretch that is shorter tells no demand."""

_EXTENT = """
SELECT min(low), max(high) FROM (
  SELECT min(received) AS low, max(greatest(received, finished)) AS high FROM requests
  UNION ALL SELECT min("at"), max("at") FROM lookups_waited)
"""

LOOKED_AT_S = 1200

_SIGNS = """
SELECT count(*) FILTER (outcome = 'rejected'),
  count(*) FILTER (outcome = 'ok' AND client_kind = 'serviceaccount'),
  count(*) FILTER (outcome = 'ok' AND client_kind = 'node' AND resource = 'tokenreviews')
FROM requests WHERE received >= {start} AND received < {end}
"""

_SERVERS = """
SELECT greatest((SELECT count(DISTINCT server) FROM requests WHERE server <> ''),
  (SELECT count(DISTINCT server) FROM log_lines WHERE component = 'kube-apiserver' AND server <> ''),
  (SELECT count(DISTINCT coalesce(server, '')) FROM metrics WHERE component = 'kube-apiserver'))
"""


def demand(tables: Tables) -> Demand:
    """Measure what ``forecast.calibrate`` needs, over the rows that the view ``requests`` shows now.

    Unit: as each record says.

    Raises:
        QueryError: If the tables lack the view ``requests``.
    """
    tables.run(THROTTLED)
    low, high = tables.run(_EXTENT)[0]
    window = Window(low or 0, (high or 0) + 1)
    parts = stretches(tables, window)
    base = parts.calm if parts.calm.seconds >= SHORTEST_S else parts.failing or window
    who, addresses = callers(tables, base)
    return Demand(
        window=window,
        stretches=parts,
        base=base,
        servers=max(1, int(tables.run(_SERVERS)[0][0])),
        nodes=int(tables.run("SELECT count(DISTINCT node) FROM requests")[0][0]),
        asking=asking(tables, base),
        tokens=tokens(tables, base),
        callers=who,
        sources=addresses,
        gap_cv=gap_cv(tables, base),
        rounds=rounds(tables, base),
        limiter=limiter(tables, parts),
        newcomers=newcomers(tables, parts),
        rejected_per_s=_rejected(tables, window.end),
        signs=_signs(tables, parts.failing),
    )


def _rejected(tables: Tables, end: int) -> float:
    """Answers 429 per second in the last minute."""
    since = end - 60 * MICROS
    found = tables.run(f"SELECT count(*) FROM requests WHERE outcome = 'rejected' AND finished >= {since}")
    return int(found[0][0]) / 60.0


def _signs(tables: Tables, failing: Window | None) -> Signs | None:
    """Rates of the failing stretch, from a minute after the onset to 20 minutes later."""
    if failing is None or failing.seconds < 2 * SHORTEST_S:
        return None
    start = failing.start + int(SHORTEST_S * MICROS)
    end = min(failing.end, start + LOOKED_AT_S * MICROS)
    refused, accounts, reviews = tables.run(_SIGNS.format(start=start, end=end))[0]
    seconds = (end - start) / MICROS
    return Signs(seconds, refused / seconds, accounts / seconds, reviews / seconds)
