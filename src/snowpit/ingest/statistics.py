"""What one log holds, for its coverage: times, levels, stages, servers, versions."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from snowpit.model.evidence import FileCoverage
from snowpit.model.request import ACCESS_LOG
from snowpit.store import Tables, literal

MOST = 50
"""Servers and user agents that are looked at, per log."""

_VERSION = re.compile(r"/v(\d+\.\d+[0-9A-Za-z.+-]{0,40})")

_COUNTS = """SELECT stage, level, count(*), min(received), max(greatest(received, coalesce(finished, received)))
FROM ({events}) GROUP BY stage, level"""

_NAMES = f"""SELECT DISTINCT server, CASE WHEN "user" = 'system:apiserver' THEN user_agent END FROM ({{events}})
WHERE server IS NOT NULL OR "user" = 'system:apiserver' LIMIT {MOST}"""


def describe(tables: Tables, coverage: FileCoverage, paths: Sequence[Path], *, doubtful: bool) -> None:
    """Complete the coverage of one log from its part files; what its reader set stays.

    Versions are those of the server itself, as its loopback client
    (``system:apiserver``) writes them into its user agent.

    Args:
        tables: Where the database is.
        coverage: The record to complete.
        paths: Its part files.
        doubtful: Whether some rows do not count.
    """
    if not paths:
        return
    files = ", ".join(literal(path) for path in paths)
    events = f"FROM read_parquet([{files}], hive_partitioning=false)" + (" WHERE ok" if doubtful else "")
    stages: Counter[str] = Counter()
    levels: Counter[str] = Counter()
    counts = tables.run(_COUNTS.format(events=events))
    for stage, level, count, _, _ in counts:
        stages[stage or "unknown"] += count
        if level or stage != ACCESS_LOG:
            levels[level or "unknown"] += count
    coverage.stages = dict(sorted(stages.items()))
    coverage.levels = dict(sorted(levels.items()))
    coverage.first = min(
        (at for at in (coverage.first, *(row[3] for row in counts)) if at is not None), default=None
    )
    coverage.last = max(
        (at for at in (coverage.last, *(row[4] for row in counts)) if at is not None), default=None
    )
    names = tables.run(_NAMES.format(events=events))
    named = {server for server, _ in names if server}
    coverage.servers = tuple(sorted({*coverage.servers, *named}))
    found = (_VERSION.search(agent) for _, agent in names if agent)
    coverage.versions = tuple(sorted({*coverage.versions, *(match[1] for match in found if match)}))
