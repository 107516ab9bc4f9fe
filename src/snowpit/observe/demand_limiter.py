"""What shows of the loopback limiter: its rate, how long look-ups wait, and who comes back to ask again."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from snowpit.model.observation.demand import Limiter, Newcomers, Spread, Stretches
from snowpit.model.window import MICROS, Window
from snowpit.observe.demand_asking import spread
from snowpit.observe.demand_stretches import BIN_S
from snowpit.observe.figures import median, percentile
from snowpit.store import Tables

NAMES = 20
LOOKED_UP = "('secrets', 'serviceaccounts', 'pods', 'nodes')"
STEADY = 0.04
"""Sixths of a minute whose 10th and 90th percentile are no further from the median go at a limiter's rate; chance is wider."""

MINUTE = 60 * MICROS
LAST_S = 15
"""A look-up that waited ended within so many seconds before the end of the log, else none waits any more."""

SOONEST_S, LATEST_S = 3.0, 180.0
"""Times after which a client may come back."""

STEP_S = 0.5
STANDS_OUT = 3.0
LEAST_PAIRS = 20
MOST_ASKS = 400_000
MOST_TOKENS = 300
FULL = 0.9
NEW_S = 60.0

_SEEN = f"""
SELECT count(*), quantile_cont(latency, [0.25, 0.5, 0.75]) FILTER (calm AND finished > received), count(*) FILTER (calm AND finished > received),
  count(DISTINCT name) FILTER (calm AND resource = 'secrets')
FROM (SELECT *, received >= {{start}} AND received < {{end}} AS calm FROM requests
  WHERE client_kind = 'loopback' AND verb = 'get' AND resource IN {LOOKED_UP})
"""

_NAMES = f"""
SELECT namespace || '/' || name AS item FROM requests WHERE client_kind = 'loopback' AND verb = 'get' AND resource = 'secrets'
  AND received >= {{start}} AND received < {{end}} AND name <> '' GROUP BY item ORDER BY count(*) DESC, item LIMIT {NAMES}
"""

_RATES = f"""
SELECT count(*) FROM requests WHERE client_kind = 'loopback' AND verb = 'get' AND resource IN {LOOKED_UP}
  AND received >= {{start}} AND received < {{end}} GROUP BY (received - {{start}}) // {BIN_S * MICROS}
"""

_GRANTS = f"""
SELECT quantile_cont(gap, [0.25, 0.5, 0.75]), count(*) FROM (
  SELECT "at" - lag("at") OVER (PARTITION BY server ORDER BY "at") AS gap, seconds FROM lookups_waited)
WHERE gap > 0 AND seconds * {MICROS} > gap
"""
"""A look-up that waited longer than the time since the one before passed a limiter that was busy all that time."""

_ASKS = f"""
WITH users AS (
  SELECT DISTINCT split_part("user", ':', 3) || '/' || split_part("user", ':', 4) || '-token-' AS start FROM requests
  WHERE client_kind = 'serviceaccount' AND received >= {{low}} AND received < {{high}})
SELECT name, reserved FROM lookups_waited WHERE what = 'secrets' AND reserved >= {{start}}
  AND regexp_extract(name, '^.*-token-') IN (SELECT start FROM users) ORDER BY reserved LIMIT {MOST_ASKS}
"""
"""Asks for the tokens of ServiceAccounts that make requests themselves; the one that kubelets put to review is not theirs."""


def limiter(tables: Tables, parts: Stretches) -> Limiter:
    """The loopback client: its rate, its waits, the clients that come back.

    Unit: look-ups per second; seconds.

    How computed: a look-up was reserved at the instant of its line in the log less the wait that it tells, so that lines
    give the queue as it was seen by those who joined it. Clients that give up and ask again come back after the same
    time: the distance between asks for one token that stands out. In a stretch of that length in which a token was
    missing all the time, each of its clients asks once.

    Cannot see: look-ups that still wait at the end; waits where the log's verbosity leaves them out (``-v=4`` before 1.18).
    """
    calm = parts.calm
    seen, quartiles, measured, secrets = tables.run(_SEEN.format(start=calm.start, end=calm.end))[0]
    names = tables.run(_NAMES.format(start=calm.start, end=calm.end))
    rate, low, high = _rate(tables, parts.failing)
    lines = tables.run("SELECT count(*) FROM lookups_waited")[0][0]
    gaps, grants = tables.run(_GRANTS)[0]
    wait, slope, before = _waits(tables, parts)
    returns, returning = _returning(tables, parts)
    return Limiter(
        seen=seen,
        secrets=secrets,
        names=tuple(name for (name,) in names),
        read=spread(quartiles, measured),
        rate=rate,
        rate_low=low,
        rate_high=high,
        grant=spread(gaps, grants) if grants >= LEAST_PAIRS else None,
        waits=lines,
        wait_s=wait,
        slope=slope,
        reserved_before_s=before,
        returns_s=returns,
        returning=returning,
    )


def _rate(tables: Tables, failing: Window | None) -> tuple[float | None, float, float]:
    """Look-ups per second over the failing stretch if they came steadily."""
    if failing is None or failing.seconds < 6 * BIN_S:
        return None, 0.0, 0.0
    counts = [row[0] for row in tables.run(_RATES.format(start=failing.start, end=failing.end))]
    whole = int(failing.seconds // BIN_S)
    if len(counts) < FULL * whole:
        return None, 0.0, 0.0
    middle = median(counts)
    low, high = percentile(counts, 0.1), percentile(counts, 0.9)
    if max(high - middle, middle - low) > max(STEADY * middle, 1.0):
        return None, 0.0, 0.0
    return middle / BIN_S, low / BIN_S, high / BIN_S


def _waits(tables: Tables, parts: Stretches) -> tuple[float | None, float | None, float]:
    """Median wait of what ended last, its growth per second of reservation, and how long ago it was reserved."""
    end, lines = tables.run(
        "SELECT (SELECT max(\"at\") FROM log_lines WHERE component = 'kube-apiserver'), count(*) FROM lookups_waited"
    )[0]
    if not lines:
        return None, None, 0.0
    wait, last, recent = tables.run(
        f'SELECT median(seconds), max(reserved), count(*) FROM lookups_waited WHERE "at" >= {end - LAST_S * MICROS}'
    )[0]
    if not recent:
        return 0.0, None, 0.0
    since = parts.onset if parts.onset is not None else end - 10 * MINUTE
    half = max(since, (since + last) // 2)
    slope, fitted = tables.run(
        f"SELECT regr_slope(seconds, reserved / {MICROS}.0), count(*) FROM lookups_waited WHERE reserved >= {half}"
    )[0]
    return wait, slope if fitted >= LEAST_PAIRS else None, (end - last) / MICROS


def _returning(tables: Tables, parts: Stretches) -> tuple[float | None, Spread | None]:
    """Time after which clients ask again for the same token, and how many clients do."""
    if parts.onset is None:
        return None, None
    asks: dict[str, list[float]] = defaultdict(list)
    for name, reserved in tables.run(
        _ASKS.format(start=parts.onset, low=parts.calm.start, high=parts.calm.end)
    ):
        asks[name].append((reserved - parts.onset) / MICROS)
    largest = sorted(asks, key=lambda name: (-len(asks[name]), name))[:MOST_TOKENS]
    chosen = {name: asks[name] for name in largest}
    returns = _again(chosen)
    return returns, None if returns is None else _clients(chosen, returns)


def _again(asks: Mapping[str, Sequence[float]]) -> float | None:
    """The distance between asks for one token that stands out, seconds."""
    tally: Counter[int] = Counter()
    for times in asks.values():
        for place, at in enumerate(times):
            for later in times[place + 1 :]:
                if later - at > LATEST_S:
                    break
                tally[round((later - at) / STEP_S)] += 1
    candidates = {step: tally[step] for step in range(int(SOONEST_S / STEP_S), int(LATEST_S / STEP_S))}
    usual = median(list(candidates.values()))
    peak = max(candidates, key=lambda step: (candidates[step], -step))
    if candidates[peak] < max(LEAST_PAIRS, STANDS_OUT * usual):
        return None
    return peak * STEP_S


def _clients(asks: Mapping[str, Sequence[float]], returns: float) -> Spread:
    """Clients behind all tokens: of each token the asks in a stretch of that length, where it was missing throughout."""
    totals = [0.0, 0.0, 0.0]
    for times in asks.values():
        counts = _rolling(times, returns)
        for place, share in enumerate((0.75, 0.9, 1.0)):
            totals[place] += percentile(counts, share)
    return Spread(totals[0], totals[1], totals[2], sum(map(len, asks.values())))


def _rolling(times: Sequence[float], width: float) -> list[float]:
    """Asks in stretches of some length, one for each ask at which a stretch begins."""
    counts = []
    end = 0
    for place, at in enumerate(times):
        while end < len(times) and times[end] < at + width - STEP_S:
            end += 1
        counts.append(float(end - place))
    return counts


_NEW = """
WITH firsts AS (
  SELECT "user", min(received) AS first, count(*) AS asks FROM requests WHERE client_kind = 'serviceaccount' GROUP BY "user")
SELECT "user", first, asks FROM firsts WHERE first >= {low} AND first < {high} ORDER BY first, "user" LIMIT 100000
"""

_NEW_SECRETS = """
WITH known AS (
  SELECT DISTINCT namespace || '/' || name AS name FROM requests WHERE client_kind = 'loopback' AND resource = 'secrets' AND received < {low}),
firsts AS (
  SELECT name, min(reserved) AS first, count(*) AS asks FROM lookups_waited WHERE what = 'secrets' GROUP BY name)
SELECT name, first, asks FROM firsts ANTI JOIN known USING (name) WHERE first >= {low} AND first < {high} ORDER BY first, name LIMIT 100000
"""

_WHAT = """
SELECT verb, coalesce("group", ''), coalesce(resource, '') FROM requests WHERE client_kind = 'serviceaccount' AND "user" IN
  (SELECT "user" FROM requests WHERE client_kind = 'serviceaccount' GROUP BY "user" HAVING min(received) >= {low})
GROUP BY ALL ORDER BY count(*) DESC, 1, 2, 3 LIMIT 1
"""


def newcomers(tables: Tables, parts: Stretches) -> Newcomers | None:
    """ServiceAccounts whose first request, or first look-up that waited, falls around the onset; null if there are none.

    Cannot see: those that were never authenticated, where the log does not tell of waits.
    """
    if parts.onset is None or parts.calm.end > parts.onset or parts.calm.seconds < NEW_S:
        return None
    span = {"low": parts.onset - int(NEW_S * MICROS), "high": parts.onset + int(NEW_S * MICROS)}
    users: list[tuple[Any, ...]] = tables.run(
        _NEW.format(low=span["low"], high=span["high"] + int(NEW_S * MICROS))
    )
    secrets: list[tuple[Any, ...]] = tables.run(_NEW_SECRETS.format(**span))
    found = secrets if 2 * len(secrets) >= len(users) else users
    if not found:
        return None
    firsts = [row[1] for row in found]
    spaces = [str(row[0]).split("/")[0] for row in secrets] or [str(row[0]).split(":")[2] for row in users]
    what = tables.run(_WHAT.format(**span))
    verb, group, resource = what[0] if what and users else ("get", "", "")
    return Newcomers(
        tokens=max(len(users), len(secrets)),
        asks=max(median([row[2] for row in rows]) for rows in (users, secrets) if rows),
        within_s=(percentile(firsts, 0.9) - firsts[0]) / MICROS,
        first_at=firsts[0],
        namespace=Counter(spaces).most_common(1)[0][0],
        subject=str(users[0][0]) if users else "",
        verb=verb,
        group=group,
        resource=resource,
        reference="waits of look-ups in the log" if found is secrets else "audit log",
    )
