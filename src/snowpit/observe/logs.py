"""What lines of component logs tell, counted."""

from itertools import pairwise
from typing import Any

from snowpit.model.log_line import KINDS
from snowpit.model.observation import Lifetime, LimitedClient, LineGroup, Logs
from snowpit.model.window import MICROS
from snowpit.observe.figures import median, pointers
from snowpit.observe.scope import Scope
from snowpit.store import Tables

GROUPS = 30
"""Groups of each kind that are shown."""

MOST = 100
"""Clients, lifetimes, and instants of each, that are shown."""

_SECONDS = 100_000
_MINUTE = 60 * MICROS

_RESOURCE = (
    "regexp_extract(subject, '/(?:api/v[^/?]+|apis/[^/]+/v[^/?]+)/(?:watch/)?"
    "(?:namespaces/[^/?]+/)?([a-z0-9]+)(?:/[^/?]+(/[a-z]+)?)?', ['resource', 'part'])"
)
_NAMED = f"""CREATE OR REPLACE TEMP VIEW lines AS
SELECT kind, coalesce(component, '') AS component, coalesce(server, '') AS server,
       CASE WHEN found.resource <> '' THEN found.resource || found.part ELSE coalesce(subject, '') END AS what,
       lower(coalesce(verb, CASE WHEN found.resource <> '' THEN regexp_extract(subject, '^([A-Za-z]+) /', 1) END, '')) AS verb,
       coalesce(subject, '') AS subject, client, seconds, "at" AS moment, coalesce("count", 1) AS n, file, line
FROM (SELECT *, {_RESOURCE} AS found FROM log_lines WHERE "at" IS NOT NULL)"""
_PLACE = "{'file': file, 'line': line}"
_SAME = "kind, component, server, what, verb"
_GROUPS = f"""SELECT {_SAME}, CAST(sum(n) AS BIGINT) AS total, count(DISTINCT subject), count(DISTINCT client), min(moment), max(moment),
       median(seconds), max(seconds), arg_min({_PLACE}, moment), arg_max({_PLACE}, seconds)
FROM lines GROUP BY {_SAME}
QUALIFY row_number() OVER (PARTITION BY kind ORDER BY total DESC, component, server, what, verb) <= {GROUPS}"""
_PEAKS = f"""SELECT {_SAME}, max(many), min_by(minute, (-many, minute))
FROM (SELECT {_SAME}, moment // {_MINUTE} AS minute, CAST(sum(n) AS BIGINT) AS many FROM lines GROUP BY {_SAME}, minute)
GROUP BY {_SAME}"""
_LIMITED = f"""SELECT component, server, CAST(sum(n) AS BIGINT) AS total, count(DISTINCT subject), min(moment), max(moment),
       coalesce(median(seconds), 0), coalesce(max(seconds), 0), arg_min({_PLACE}, moment), arg_max({_PLACE}, seconds)
FROM lines WHERE kind = 'throttled' GROUP BY component, server ORDER BY total DESC, component, server LIMIT {MOST}"""
_OF = "component = ? AND server = ?"


def logs(tables: Tables, scope: Scope) -> Logs | None:
    """Lines that mean something, by kind and subject; clients that waited for their limiter; starts. Null without any.

    Unit: lines; seconds; requests per second.

    Assumptions: a limiter that makes requests wait lets them through at its own rate, and every wait over 50 ms is
    logged; so the number of such lines in a second with such lines before and after is that rate.

    How computed: counts by kind, component, server, subject and verb, URL paths reduced to their resource; medians and
    maxima of the durations that lines tell. The rate of a limiter is the median count of the seconds inside its busy
    stretches.

    Cannot see: what the verbosity of the component leaves out: limiter waits need ``-v=4`` before 1.18; whole log files
    that were rotated away.

    Source: client-go ``rest/request.go`` at 1.12 to 1.33; the catalogue ``knowledge/log_lines.toml``.
    """
    counts = dict(
        tables.run(
            'SELECT kind, CAST(sum(coalesce("count", 1)) AS BIGINT) FROM log_lines WHERE "at" IS NOT NULL GROUP BY kind'
        )
    )
    if not counts:
        return None
    tables.run(_NAMED)
    first, last = tables.run("SELECT min(moment), max(moment) FROM lines")[0]
    named = tables.run("SELECT DISTINCT component FROM lines WHERE component <> '' ORDER BY component")
    return Logs(
        lines={kind: counts[kind] for kind in KINDS if kind in counts},
        components=tuple(name for (name,) in named),
        first_at=first,
        last_at=last,
        groups=_groups(tables, scope),
        limited=tuple(_limited(tables, scope, row) for row in tables.run(_LIMITED)),
        lifetimes=_lifetimes(tables, scope),
    )


def _groups(tables: Tables, scope: Scope) -> tuple[LineGroup, ...]:
    """The largest groups of each kind."""
    peaks = {tuple(row[:5]): row[5:] for row in tables.run(_PEAKS)}
    order = {kind: number for number, kind in enumerate(KINDS)}
    found = [_group(scope, row, peaks[tuple(row[:5])]) for row in tables.run(_GROUPS)]
    found.sort(
        key=lambda group: (
            order.get(group.kind, len(order)),
            -group.lines,
            (group.component, group.server, group.subject, group.verb),
        )
    )
    return tuple(found)


def _group(scope: Scope, row: tuple[Any, ...], peak: tuple[Any, ...]) -> LineGroup:
    kind, component, server, what, verb, total, subjects, clients, first, last, middle, longest, *places = row
    return LineGroup(
        kind=kind,
        component=component,
        server=server,
        subject=what,
        verb=verb,
        lines=total,
        subjects=subjects,
        clients=clients,
        first_at=first,
        last_at=last,
        peak=peak[0],
        peak_at=peak[1] * _MINUTE,
        median_s=middle,
        max_s=longest,
        pointers=pointers(scope, places),
    )


def _limited(tables: Tables, scope: Scope, row: tuple[Any, ...]) -> LimitedClient:
    component, server, total, distinct, first, last, middle, longest, *places = row
    objects = tables.run(
        "SELECT trim(verb || ' ' || what) AS asked, CAST(sum(n) AS BIGINT) AS many, count(DISTINCT subject) FROM lines"
        f" WHERE kind = 'throttled' AND {_OF} GROUP BY asked ORDER BY many DESC, asked LIMIT {GROUPS}",
        [component, server],
    )
    seconds = dict(
        tables.run(
            f"SELECT moment // {MICROS} AS sec, CAST(sum(n) AS BIGINT) FROM lines WHERE kind = 'throttled' AND {_OF}"
            f" GROUP BY sec ORDER BY sec LIMIT {_SECONDS}",
            [component, server],
        )
    )
    inside = [many for second, many in seconds.items() if second - 1 in seconds and second + 1 in seconds]
    return LimitedClient(
        component=component,
        server=server,
        lines=total,
        objects=tuple((asked, many, names) for asked, many, names in objects),
        distinct=distinct,
        first_at=first,
        last_at=last,
        median_wait_s=middle,
        max_wait_s=longest,
        rate=median(inside),
        busy_s=len(seconds),
        pointers=pointers(scope, places),
    )


def _lifetimes(tables: Tables, scope: Scope) -> tuple[Lifetime, ...]:
    """Starts and stops of each process that told one."""
    rows = tables.run(
        f"SELECT component, server, kind, moment, subject, {_PLACE} FROM lines WHERE kind IN ('started', 'stopped')"
        f" ORDER BY component, server, moment, file, line LIMIT {MOST * MOST}"
    )
    processes: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    for component, server, *told in rows:
        processes.setdefault((component, server), []).append(tuple(told))
    return tuple(_lifetime(scope, name, told) for name, told in list(processes.items())[:MOST])


def _lifetime(scope: Scope, name: tuple[str, str], told: list[tuple[Any, ...]]) -> Lifetime:
    starts = [(at, subject, place) for kind, at, subject, place in told if kind == "started"]
    times = [at for at, _, _ in starts]
    between = [(later - earlier) / MICROS for earlier, later in pairwise(times)]
    return Lifetime(
        component=name[0],
        server=name[1],
        starts=tuple(times[:MOST]),
        stops=tuple(at for kind, at, *_ in told if kind == "stopped")[:MOST],
        versions=tuple(sorted({subject for _, subject, _ in starts if subject[:1].isdecimal()})),
        shortest_s=min(between, default=None),
        median_s=median(between) if between else None,
        pointers=pointers(scope, [place for _, _, place in starts[:3]]),
    )
