"""Which part of the evidence is calm, and which one fails for want of capacity."""

from collections.abc import Sequence
from itertools import pairwise

from snowpit.model.observation.demand import Stretches
from snowpit.model.window import MICROS, Window
from snowpit.store import Tables

BIN_S = 10
WIDE = 6
SUSTAINED = 4
"""A failing bin counts if so many of ``WIDE`` bins from it on fail, too."""

FAILING_SHARE = 0.01
LEAST = 3
SLOW_S = 1.0
"""As in ``observe.outcome``: 1 % of the attempts, or a wait of a second at the loopback limiter."""

SETTLE_S = 30.0
SETTLE_OF = 300.0
"""The start of a long calm stretch is left out: caches are cold there, and requests under way were not seen."""

LEAD_S = 45.0
"""A long calm stretch ends that long before the onset: what tips a server comes up to a patience before it first fails."""

_BINS = f"""
SELECT received // {BIN_S * MICROS} AS bin, count(*),
  count(*) FILTER (outcome IN ('rejected', 'timed_out', 'server_error')) FROM requests
WHERE received IS NOT NULL AND NOT long_running GROUP BY bin
"""

THROTTLED = f"""
CREATE OR REPLACE TEMP TABLE lookups_waited AS
SELECT "at", seconds, CAST("at" - seconds * {MICROS} AS BIGINT) AS reserved, coalesce(server, '') AS server,
  regexp_extract(subject, '/namespaces/([^/]+)/(secrets|serviceaccounts|pods|nodes)/([^/?]+)', 2) AS what,
  regexp_extract(subject, '/namespaces/([^/]+)/(secrets|serviceaccounts|pods|nodes)/([^/?]+)', 1) || '/'
  || regexp_extract(subject, '/namespaces/([^/]+)/(secrets|serviceaccounts|pods|nodes)/([^/?]+)', 3) AS name
FROM log_lines WHERE kind = 'throttled' AND component = 'kube-apiserver' AND seconds IS NOT NULL AND "at" IS NOT NULL
"""
"""Look-ups that waited at the loopback limiter, by the instant at which they were reserved: written, less the wait."""

_WAITS = f"""
SELECT moment // {BIN_S * MICROS} AS bin, count(*) FROM (
  SELECT reserved AS moment FROM lookups_waited WHERE seconds > {SLOW_S}
  UNION ALL SELECT "at" FROM lookups_waited WHERE seconds > {SLOW_S}) GROUP BY bin
"""


def stretches(tables: Tables, window: Window) -> Stretches:
    """The longest calm stretch, and the last failing one.

    Unit: µs since the epoch.

    Assumptions: a server fails for want of capacity if over 1 % of the attempts end in 429 or 5xx, or look-ups wait over
    a second at the loopback limiter, in at least four of six sixths of a minute.

    Cannot see: requests that never end or never pass authentication; where only they fail, all is called calm.
    """
    bad = _bad(tables)
    first = window.start // (BIN_S * MICROS)
    last = max(window.start, window.end - 1) // (BIN_S * MICROS)
    failing = [place for place in sorted(bad) if first <= place <= last and _sustained(place, bad)]
    silent = _silent(tables, first, last)
    if not failing:
        whole = _longest(silent, window, window.end)
        return Stretches(_settled(whole), None, None, fails_now=False)
    begin = _begin(failing)
    ends_at = min(window.end, (failing[-1] + 1) * BIN_S * MICROS)
    onset = _onset(tables, begin, window)
    now = (last - failing[-1]) < WIDE
    return Stretches(
        calm=_settled(_longest(sorted({*failing, *silent}), window, onset)),
        onset=onset,
        failing=Window(onset, window.end if now else ends_at),
        fails_now=now,
    )


def _bad(tables: Tables) -> set[int]:
    found = {
        place
        for place, attempts, failed in tables.run(_BINS)
        if failed >= LEAST and failed > FAILING_SHARE * attempts
    }
    return found | {place for place, waits in tables.run(_WAITS) if waits >= LEAST}


def _silent(tables: Tables, first: int, last: int) -> list[int]:
    """Bins of gaps of a minute or more in the evidence, where nothing at all is told."""
    found = tables.run(
        f"SELECT DISTINCT received // {BIN_S * MICROS} FROM requests WHERE received IS NOT NULL"
    )
    seen = sorted({first - 1, last + 1, *(place for (place,) in found)})
    gaps = [range(low + 1, high) for low, high in pairwise(seen) if high - low > WIDE]
    return [place for gap in gaps for place in gap]


def _sustained(place: int, bad: set[int]) -> bool:
    ahead = sum(place + step in bad for step in range(WIDE))
    behind = sum(place - step in bad for step in range(WIDE))
    return max(ahead, behind) >= SUSTAINED


def _begin(failing: Sequence[int]) -> int:
    """First bin of the last run of failing bins that lie less than a few minutes apart."""
    first = failing[-1]
    for place in reversed(failing):
        if first - place > 3 * WIDE:
            break
        first = place
    return first


def _onset(tables: Tables, begin: int, window: Window) -> int:
    """First refusal, time-out or long wait within the first failing bin."""
    low, high = begin * BIN_S * MICROS, (begin + 1) * BIN_S * MICROS
    found = tables.run(
        "SELECT min(moment) FROM (SELECT received AS moment FROM requests WHERE outcome IN ('rejected', 'timed_out', 'server_error')"
        f" UNION ALL SELECT reserved FROM lookups_waited WHERE seconds > {SLOW_S}) WHERE moment >= {low} AND moment < {high}"
    )[0][0]
    return max(window.start, low if found is None else found)


def _longest(breaks: Sequence[int], window: Window, onset: int) -> Window:
    """The longest stretch without failing or silent bins; the one before the onset if it is long enough."""
    marks = [window.start, *((place + 1) * BIN_S * MICROS for place in breaks)]
    ends = [*(place * BIN_S * MICROS for place in breaks), window.end]
    gaps = [Window(low, high) for low, high in zip(marks, ends, strict=True) if high > low]
    before = [gap for gap in gaps if gap.end <= onset + BIN_S * MICROS and gap.seconds >= SETTLE_OF]
    found = max(before or gaps, key=lambda gap: gap.seconds, default=Window(window.start, window.start))
    if found.start >= onset or found.end < onset - int(LEAD_S * MICROS):
        return found
    lead = int(LEAD_S * MICROS) if found.seconds >= SETTLE_OF and onset < window.end else 0
    return Window(found.start, min(found.end, onset - lead))


def _settled(window: Window) -> Window:
    if window.seconds < SETTLE_OF:
        return window
    return Window(window.start + int(SETTLE_S * MICROS), window.end)
