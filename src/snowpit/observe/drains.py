"""Completions that leave at a fixed rate, as behind a token bucket."""

from collections import Counter, defaultdict
from itertools import pairwise

from snowpit.model.observation import Drain, RequestClass
from snowpit.observe.figures import median, percentile
from snowpit.observe.scope import Scope, request_class
from snowpit.store import Tables

LEAST_COMPLETIONS = 30
CLASSES = 10
WAITING = 10

_CANDIDATES = f"""
SELECT v, g, r, s, CAST(sum(n) AS BIGINT) AS n FROM ends WHERE slow AND outcome = 'ok' AND NOT long AND srv = ?
GROUP BY v, g, r, s HAVING sum(n) >= {LEAST_COMPLETIONS} ORDER BY n DESC, v, g, r, s LIMIT {CLASSES}
"""

_SECONDS = """
WITH marks AS (
  SELECT v, g, r, s, sec, n, 0 AS done FROM starts WHERE srv = ? AND NOT long AND NOT rejected
  UNION ALL SELECT v, g, r, s, sec, -n, CASE WHEN slow AND outcome = 'ok' THEN n ELSE 0 END FROM ends
  WHERE srv = ? AND NOT long AND outcome NOT IN ('open', 'rejected'))
SELECT v, g, r, s, sec, CAST(sum(n) AS BIGINT), CAST(sum(done) AS BIGINT) FROM marks SEMI JOIN candidates USING (v, g, r, s)
GROUP BY v, g, r, s, sec ORDER BY v, g, r, s, sec LIMIT 400000
"""


def drains(tables: Tables, scope: Scope) -> tuple[Drain, ...]:
    """Slow successes that come at a fixed number a second: the mark of a rate limiter behind the handler.

    Unit: completions per second; seconds.

    Assumptions: only successes that took over 1 s are looked at, so that answers from a cache do not blur the
    rate. Work that saturates a processor also completes at some rate, but varies; a limiter does not.

    How computed: slow successes by second of their end. The rate is the modal number over full seconds (a second
    whose neighbours on both sides completed some too; all seconds where there is no such), taken as the centre of
    the fullest band of 10 %. A pulse is a run of such seconds; silence is time without any
    completion while at least ten requests of the class waited.

    Cannot see: drains shorter than two seconds; limiters with several classes behind them, class by class.

    Source: the law of a burst of M look-ups behind a bucket of 50 a second, burst 100, two tokens each: nothing
    before (M - 100)/50 s, then 50 a second until (2M - 100)/50 s (measured on Kubernetes 1.13.5; client-go 1.12.0
    ``util/flowcontrol/throttle.go``).
    """
    if not scope.timed:
        return ()
    tables.run("CREATE OR REPLACE TEMP TABLE candidates AS " + _CANDIDATES, [scope.server])
    seconds: dict[RequestClass, list[tuple[int, int, int]]] = defaultdict(list)
    for row in tables.run(_SECONDS, [scope.server, scope.server]):
        seconds[request_class(row)].append((row[4], row[5], row[6]))
    found = [_drain(key, rows) for key, rows in seconds.items()]
    return tuple(sorted(found, key=lambda item: (-item.completions, item.key)))


def _drain(key: RequestClass, rows: list[tuple[int, int, int]]) -> Drain:
    """The drain of one class.

    Args:
        key: The class.
        rows: (second, change of the number waiting, slow successes), in order of time.
    """
    done = {second: count for second, _, count in rows if count}
    full = [count for second, count in done.items() if second - 1 in done and second + 1 in done]
    rate = modal(full or list(done.values()))
    starts, silence = _pulses(rows)
    near = [count for count in full or list(done.values()) if abs(count - rate) <= 0.1 * rate]
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    return Drain(
        key=key,
        completions=sum(done.values()),
        rate=rate,
        rate_low=percentile(full or list(done.values()), 0.1),
        rate_high=percentile(full or list(done.values()), 0.9),
        busy_s=len(done),
        regular=len(near) / len(full or done),
        pulses=len(starts),
        period_s=median(gaps) if gaps else None,
        silence_s=float(silence),
    )


def modal(counts: list[int]) -> float:
    """Mean of the fullest band of ± 10 % among counts; ties go to the more frequent, then the higher centre."""
    tally = Counter(counts)

    def inside(centre: int) -> dict[int, int]:
        return {item: times for item, times in tally.items() if abs(item - centre) <= 0.1 * centre}

    centres = sorted(tally, key=lambda item: (-tally[item], -item))[:300]
    centre = max(centres, key=lambda item: (sum(inside(item).values()), tally[item], item))
    band = inside(centre)
    return sum(item * times for item, times in band.items()) / sum(band.values())


def _pulses(rows: list[tuple[int, int, int]]) -> tuple[list[int], int]:
    """First seconds of the runs of completions, and the longest silence while ten or more waited."""
    starts: list[int] = []
    silence = waiting = 0
    last = quiet_since = None
    for second, change, count in rows:
        if quiet_since is not None and waiting >= WAITING:
            silence = max(silence, second - quiet_since)
        if count:
            if last is None or (second - last > 1 and quiet_since is not None):
                starts.append(second)
            last, quiet_since = second, None
        waiting += change
        if waiting < WAITING:
            quiet_since = None
        elif quiet_since is None:
            quiet_since = second + 1 if count else second
    return starts, silence
