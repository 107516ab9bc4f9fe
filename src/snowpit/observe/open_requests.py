"""Requests that arrived and were never seen to end."""

from snowpit.model.observation import OpenRequests
from snowpit.model.window import MICROS
from snowpit.observe.scope import Scope, request_class
from snowpit.observe.timeline import timeline
from snowpit.store import Tables


def open_requests(tables: Tables, scope: Scope) -> OpenRequests:
    """Requests received and not ended, at the end of the window and at the worst moment.

    Unit: requests; seconds.

    Assumptions: a request without an end is still in the server, or its end lies outside of the evidence.

    How computed: arrivals less ends, cumulated over the bins of the timeline; rows without an end counted by class.

    Cannot see: anything if the audit policy omits the stage ``RequestReceived`` (``visible`` is false then); before
    1.20, requests that wait in authentication, as the audit event begins after it.
    """
    rows = tables.run(
        "SELECT v, g, r, s, long, CAST(sum(n) AS BIGINT) AS n FROM cells WHERE outcome = 'open'"
        " GROUP BY v, g, r, s, long ORDER BY n DESC, v, g, r, s"
    )
    oldest = tables.run("SELECT min(received) FROM base WHERE outcome = 'open' AND NOT long")[0][0]
    short = [row for row in rows if not row[4]]
    line = timeline(tables, scope)
    levels = line.series["open"]
    peak = max(levels, default=0.0)
    return OpenRequests(
        visible=bool(rows) or scope.stages.get("RequestReceived", 0) > 0,
        count=sum(row[5] for row in short),
        watches=sum(row[5] for row in rows if row[4]),
        peak=int(peak),
        peak_at=line.start + int(levels.index(peak) * line.step_s) * MICROS if peak else None,
        by_class=tuple((request_class(row), row[5]) for row in short[:10]),
        oldest_s=None if oldest is None else (scope.window.end - oldest) / MICROS,
    )
