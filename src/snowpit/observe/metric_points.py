"""Samples prepared for statistics: which process each belongs to, added up over labels that do not matter, in steps.

Three tables come of it. ``metric_points`` has one row a series group and instant, ``metric_begun`` one row a process,
``metric_steps`` the points with their growth since the instant before. The growth of a counter that fell is its value
(its process was started anew); that of a counter which appears while its process is already being scraped is its value
as well, since a counter without events is not exposed.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from snowpit.knowledge.metrics import series
from snowpit.store import Tables

SAME_START_S = 0.05
"""Start times of one process that differ by less: they are exposed with few digits."""

RESTART_WITHIN_S = 86_400
"""A process that started longer after the last dump of another is not taken for the same server."""

_DUMPS = 10_000

_POINTS = """CREATE OR REPLACE TEMP TABLE metric_points AS
SELECT component, server, name, kind, key, le, instant, file, min(line) AS line,
  CASE WHEN kind = 'quantile' THEN max(value) ELSE sum(value) END AS value
FROM (
  SELECT m.component, coalesce(p.server, m.server) AS server, m.name, m.labels, m."at" AS instant, m.file,
    CASE WHEN w.kind = 'histogram' THEN m.kind ELSE w.kind END AS kind,
    list_sort(list_filter(map_entries(m.labels), lambda e: list_contains(w.kept, e.key))) AS key,
    CASE m.kind
      WHEN 'bucket' THEN CASE WHEN ltrim(m.labels['le'], '+') = 'Inf' THEN 'infinity'::DOUBLE
        ELSE TRY_CAST(m.labels['le'] AS DOUBLE) END
      WHEN 'quantile' THEN TRY_CAST(m.labels['quantile'] AS DOUBLE) END AS le,
    max(m.value) AS value, min(m.line) AS line
  FROM metrics m JOIN metric_wanted w ON m.name = w.name
  LEFT JOIN metric_processes p
    ON m.server = '' AND p.component = m.component AND p.file = m.file AND p.instant IS NOT DISTINCT FROM m."at"
  WHERE m.value IS NOT NULL AND (w.kind = 'histogram') = (m.kind IN ('bucket', 'sum', 'count', 'quantile'))
  GROUP BY ALL)
GROUP BY component, server, name, kind, key, le, instant, file"""

_BEGUN = """CREATE OR REPLACE TEMP TABLE metric_begun AS
SELECT component, server, count(*) AS instants, min(instant) AS start, max(instant) AS finish,
  min(coalesce(instant, 0)) FILTER (2 * names >= most) AS whole
FROM (
  SELECT component, server, instant, file, count(DISTINCT name) AS names,
    max(count(DISTINCT name)) OVER (PARTITION BY component, server) AS most
  FROM metric_points GROUP BY component, server, instant, file)
GROUP BY component, server"""

_STEPS = """CREATE OR REPLACE TEMP TABLE metric_steps AS
SELECT component, server, name, kind, key, le, instant, file, line, value, instants, start, finish,
  row_number() OVER series AS step,
  max(value) OVER (PARTITION BY component, server, name, kind, key, le) AS most,
  lag(value) OVER series > value AS fell,
  coalesce(lag(instant) OVER series, whole) AS since,
  CASE WHEN lag(value) OVER series IS NULL THEN CASE WHEN coalesce(instant, 0) > whole THEN value ELSE 0 END
    WHEN value >= lag(value) OVER series THEN value - lag(value) OVER series ELSE value END AS grown
FROM metric_points JOIN metric_begun USING (component, server)
WINDOW series AS (PARTITION BY component, server, name, kind, key, le ORDER BY instant, file)"""


class Scrape(NamedTuple):
    """One dump of a process without a name.

    Args:
        file: Number of its file.
        at: When it was made, µs since the epoch; null if not known.
        start: When its process started, seconds since the epoch.
        version: Release that it tells; empty if none.
    """

    file: int
    at: int | None
    start: float
    version: str = ""


def prepare_points(tables: Tables) -> bool:
    """Make the three tables; false, and none of them, if there are no samples."""
    if not tables.run("SELECT 1 FROM metrics LIMIT 1"):
        return False
    wanted = series()
    tables.run(
        "CREATE OR REPLACE TEMP TABLE metric_wanted AS SELECT unnest(?::VARCHAR[]) AS name,"
        " unnest(?::VARCHAR[]) AS kind, string_split(unnest(?::VARCHAR[]), ' ') AS kept",
        [
            [item.name for item in wanted],
            [item.kind for item in wanted],
            [" ".join(item.by) for item in wanted],
        ],
    )
    _name_processes(tables)
    for statement in (_POINTS, _BEGUN, _STEPS):
        tables.run(statement)
    return True


def _name_processes(tables: Tables) -> None:
    """Tell processes apart whose dumps name none."""
    tables.run(
        "CREATE OR REPLACE TEMP TABLE metric_processes (component VARCHAR, file INTEGER, instant BIGINT, server VARCHAR)"
    )
    rows = tables.run(
        """SELECT component, file, "at", max(value) FILTER (name = 'process_start_time_seconds') AS start,
          coalesce(max(coalesce(labels['git_version'], labels['gitVersion'], labels['server_version'])), '')
        FROM metrics
        WHERE server = '' AND value IS NOT NULL
          AND name IN ('process_start_time_seconds', 'kubernetes_build_info', 'etcd_server_version')
        GROUP BY component, file, "at" HAVING start IS NOT NULL """
        f'ORDER BY component, "at", file LIMIT {_DUMPS}'
    )
    named = [
        (component, scrape.file, scrape.at, f"#{number}")
        for component in sorted({row[0] for row in rows})
        if len(groups := tell_apart([Scrape(*row[1:]) for row in rows if row[0] == component])) > 1
        for number, group in enumerate(groups, 1)
        for scrape in group
    ]
    if named:
        tables.run(
            "INSERT INTO metric_processes SELECT unnest(?::VARCHAR[]), unnest(?::INTEGER[]), unnest(?::BIGINT[]),"
            " unnest(?::VARCHAR[])",
            [list(column) for column in zip(*named, strict=True)],
        )


def tell_apart(scrapes: Iterable[Scrape]) -> Sequence[Sequence[Scrape]]:
    """Dumps by process, in the order given, which is that of time.

    Two dumps with one start time are of one process. A start within a day after the last dump of a process is its
    restart; any other start is another process. Dumps of different releases are never of one.
    """
    groups: list[list[Scrape]] = []
    for scrape in scrapes:
        alike = [group for group in groups if _one_release(group, scrape)]
        same = [group for group in alike if abs(group[-1].start - scrape.start) < SAME_START_S]
        before = [group for group in alike if _may_follow(group[-1], scrape)]
        if same or before:
            (same or before)[-1].append(scrape)
        else:
            groups.append([scrape])
    return groups


def _one_release(group: Sequence[Scrape], scrape: Scrape) -> bool:
    """Whether no two of the releases that these dumps tell differ."""
    return not scrape.version or {item.version for item in group} <= {scrape.version, ""}


def _may_follow(last: Scrape, scrape: Scrape) -> bool:
    """Whether a dump may be of the same server after a restart."""
    return last.at is not None and 0 <= scrape.start - last.at / 1e6 <= RESTART_WITHIN_S
