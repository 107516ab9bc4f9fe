"""What an observation looks at: the window of the data, its servers and files; see ``cubes`` for the tables."""

from collections.abc import Mapping
from dataclasses import dataclass

from snowpit.model.observation import RequestClass
from snowpit.model.window import MICROS, Window
from snowpit.observe.cubes import make_cubes, make_sorts
from snowpit.store import Tables

MAX_BINS = 4000
"""Bins of a timeline; a longer window gets wider bins."""

LOST_S = 60
"""A gap in the evidence as long as this may have swallowed the end of a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is looked at.

    Args:
        window: First arrival to just after the last instant, µs since the epoch.
        attempts: Rows in it.
        timed: The evidence carries sojourn times: some request ended after it arrived.
        backward: Attempts that ended before they arrived (a clock step); counted as zero.
        server: The API server with the most seat time; empty if the evidence names none.
        servers: API servers named.
        files: Paths by number, from the table ``files`` if there is one.
        stages: Events by stage, as the coverage counted them; empty if not told.
        server_version: Major, minor, patch; null if unknown.
    """

    window: Window
    attempts: int
    timed: bool
    backward: int
    server: str
    servers: int
    files: Mapping[int, str]
    stages: Mapping[str, int]
    server_version: tuple[int, int, int | None] | None

    @property
    def seconds(self) -> float:
        """Length of the window in seconds for rates; at least one second."""
        return max(self.window.seconds, 1.0)

    @property
    def first_second(self) -> int:
        """Second since the epoch in which the window starts."""
        return self.window.start // MICROS

    @property
    def last_second(self) -> int:
        """Second since the epoch in which the window ends."""
        return max(self.window.end - 1, self.window.start) // MICROS


def prepare(
    tables: Tables,
    *,
    stages: Mapping[str, int] | None = None,
    server_version: tuple[int, int, int | None] | None = None,
) -> Scope:
    """Make the base view and the cubes for the rows that ``requests`` shows now.

    Args:
        tables: Tables of the analysis.
        stages: Events by audit stage.
        server_version: Version of the API server.

    Returns:
        The scope that every observation takes.
    """
    attempts, start, end, later, backward, unfinished = make_sorts(tables)
    ending = _end_of_open(tables, end) if later and unfinished else str(end) if later else "received"
    make_cubes(tables, end=ending, timed=bool(later))
    rows = tables.run("SELECT srv, sum(n) AS n FROM starts GROUP BY srv ORDER BY n DESC, srv LIMIT 100")
    held = tables.run(
        "SELECT srv, sum(h) AS h FROM (SELECT srv, -(sec * 1000000 * n + rest) AS h FROM starts WHERE holder"
        " UNION ALL SELECT srv, sec * 1000000 * n + rest FROM ends WHERE holder)"
        " GROUP BY srv ORDER BY h DESC, srv LIMIT 1"
    )
    busiest = held or rows
    return Scope(
        window=Window(start, end),
        attempts=attempts,
        timed=bool(later),
        backward=backward,
        server=busiest[0][0] if busiest else "",
        servers=sum(1 for row in rows if row[0]),
        files=_file_names(tables),
        stages=dict(stages or {}),
        server_version=server_version,
    )


def _end_of_open(tables: Tables, end: int) -> str:
    """SQL for the instant to which a request without an end counts.

    That is the end of the window, or the start of the next gap of over a minute in the evidence: more likely
    the end was lost in the gap than that a request outlived every time limit of the server.
    """
    rows = tables.run(
        "SELECT sec FROM (SELECT sec, lead(sec) OVER (ORDER BY sec) AS next FROM (SELECT received // 1000000 AS sec"
        " FROM requests WHERE received IS NOT NULL UNION SELECT finished // 1000000 FROM requests WHERE finished IS NOT NULL))"
        f" WHERE next - sec > {LOST_S} ORDER BY next - sec DESC, sec LIMIT 50"
    )
    gaps = sorted((row[0] + 1) * MICROS for row in rows)
    cases = " ".join(f"WHEN received < {gap} THEN {gap}" for gap in gaps)
    return f"CASE {cases} ELSE {end} END" if gaps else str(end)


def _file_names(tables: Tables) -> dict[int, str]:
    """Paths by file number; empty without a table of files."""
    known = tables.run("SELECT 1 FROM information_schema.tables WHERE table_name = 'files' LIMIT 1")
    return dict(tables.run("SELECT file, path FROM files ORDER BY file LIMIT 100000")) if known else {}


def request_class(row: tuple[str, ...]) -> RequestClass:
    """The class in the first four columns of a row."""
    return RequestClass(*row[:4])


def step_seconds(scope: Scope) -> int:
    """Bin width of a timeline in seconds: the least that needs no more than 4,000 bins."""
    return max(1, -(-(scope.last_second - scope.first_second + 1) // MAX_BINS))


def in_class(key: RequestClass) -> tuple[str, list[object]]:
    """SQL condition for one request class, with its parameters."""
    return "v = ? AND g = ? AND r = ? AND s = ?", list(key)
