"""Plain rows: text tables, JSON and CSV of pivots, comparisons and SQL results."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from snowpit.observe.comparison import Change, Side, Stretch
from snowpit.observe.pivot import Pivot, Row
from snowpit.report.as_json import plain
from snowpit.report.ascii_json import dumps
from snowpit.report.content import Block, Bullets, Cell, Page, Paragraph, Spark, Table
from snowpit.report.figures import clock, count, plural, rate, seconds, share
from snowpit.report.visible import visible

TOP_SCHEMA, COMPARE_SCHEMA, SQL_SCHEMA = "snowpit.top/v1", "snowpit.compare/v1", "snowpit.sql/v1"
_RISKY = ("=", "+", "-", "@")
"""Characters with which a cell would be a formula to a spreadsheet."""


def pivot_page(found: Pivot) -> Page:
    """A pivot as a table with a sparkline a row."""
    head = (
        *found.columns,
        "count",
        "held",
        "p99",
        "errors",
        "rejected",
        "share",
        f"{clock(found.window.start)} ->",
    )
    width = len(found.columns)
    rows = tuple(_pivot_row(row, found) for row in found.rows)
    note = (
        f"{plural(found.groups, 'combination')}, by {found.measure}, largest first;"
        f" {seconds(found.window.seconds)}, {seconds(found.step_s)} a bin of the series."
    )
    table = Table(head, rows, right=frozenset(range(width, width + 6)), shorten=frozenset(range(width)))
    return Page("snowpit top", (table, Paragraph(note, "quiet")))


def _pivot_row(row: Row, found: Pivot) -> tuple[Cell, ...]:
    value = row.attempts if found.measure in ("count", "p99") else getattr(row, found.measure)
    whole = share(value / found.total) if found.total and found.measure != "p99" else "-"
    names = tuple("-" if value is None else value for value in row.values)
    figures = (
        count(row.attempts),
        seconds(row.held),
        seconds(row.p99),
        count(row.errors),
        count(row.rejected),
    )
    return (*names, *figures, whole, Spark(row.series))


def bins_page(found: Pivot) -> Page:
    """A pivot with a column a row of it, and a line a bin."""
    head = ("time", *(" ".join(value or "-" for value in row.values) for row in found.rows))
    bins = len(found.rows[0].series) if found.rows else 0
    rows = tuple(
        (
            clock(found.window.start + int(place * found.step_s * 1e6)),
            *(count(row.series[place]) for row in found.rows),
        )
        for place in range(bins)
    )
    columns = frozenset(range(1, len(head)))
    return Page("snowpit top", (Table(head, rows, right=columns, shorten=columns),))


def pivot_json(found: Pivot) -> str:
    """A pivot as JSON."""
    rows = [
        {
            **dict(zip(found.columns, row.values, strict=True)),
            "measures": {
                "count": row.attempts,
                "held_s": plain(row.held),
                "p99_s": plain(row.p99),
                "errors": row.errors,
                "rejected": row.rejected,
            },
            "series": plain(row.series),
        }
        for row in found.rows
    ]
    head = {"schema": TOP_SCHEMA, "by": list(found.columns), "measure": found.measure}
    whole = {
        "window": plain(found.window),
        "bin_s": found.step_s,
        "groups": found.groups,
        "total": plain(found.total),
    }
    return dumps(head | whole | {"rows": rows})


def pivot_csv(found: Pivot) -> str:
    """A pivot as CSV, without the series."""
    head = [*found.columns, "count", "held_s", "p99_s", "errors", "rejected"]
    return csv_text(head, [[*row.values, *row[1:6]] for row in found.rows])


def csv_text(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Rows as CSV; control characters are spelled out, and no cell is a formula to a spreadsheet."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(map(_safe, head))
    writer.writerows([_safe(value) for value in row] for row in rows)
    return buffer.getvalue()


def _safe(value: object) -> object:
    if not isinstance(value, str):
        return value
    clean = visible(value)
    return "'" + clean if clean.startswith(_RISKY) else clean


def rows_page(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Page:
    """The result of an SQL statement as a table."""
    texts = tuple(tuple("NULL" if value is None else str(value) for value in row) for row in rows)
    numeric = frozenset(
        column
        for column in range(len(head))
        if rows and all(isinstance(row[column], (int, float, type(None))) for row in rows)
    )
    shorten = frozenset(range(len(head))) - numeric
    blocks: tuple[Block, ...] = (Table(tuple(head), texts, right=numeric, shorten=shorten),)
    return Page("snowpit sql", blocks)


def rows_json(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """The result of an SQL statement as JSON."""
    return dumps(
        {
            "schema": SQL_SCHEMA,
            "columns": list(head),
            "rows": [[plain(value) for value in row] for row in rows],
        }
    )


def compare_page(before: Stretch, after: Stretch, changes: Sequence[Change]) -> Page:
    """What changed, as sentences and a table."""
    head = ("what", "name", "per s", "", "seats", "", "p99", "", "429/s", "")
    rows = tuple(_change_row(change) for change in changes)
    table = Table(head, rows, right=frozenset(range(2, 10)), shorten=frozenset({1}))
    lines = (
        Paragraph(f"Before: {_whole(before)}"),
        Paragraph(f"After:  {_whole(after)}"),
        Paragraph(
            "Left before, right after; rates are per second of each side; ranked by seats held and failures;"
            " changes under 1 % of the largest are left out.",
            "quiet",
        ),
    )
    if not changes:
        return Page("snowpit compare", (*lines[:2], Paragraph("Nothing changed.", "strong")))
    return Page("snowpit compare", (*lines[:2], table, lines[2]))


def _whole(side: Stretch) -> str:
    total = side.total
    return (
        f"{clock(side.window.start)} to {clock(side.window.end)} ({seconds(side.window.seconds)}):"
        f" {rate(total.rate)} requests/s, {rate(total.seats)} seats held on average, p99 {seconds(total.p99)},"
        f" {rate(total.rejected)} rejected/s, {rate(total.errors)} other failures/s"
    )


def _change_row(change: Change) -> tuple[Cell, ...]:
    before, after = change.before, change.after
    new = "new " if before == Side() else "gone " if after == Side() else ""
    return (
        f"{new}{change.subject}",
        change.name,
        rate(before.rate),
        rate(after.rate),
        rate(before.seats),
        rate(after.seats),
        seconds(before.p99),
        seconds(after.p99),
        rate(before.rejected),
        rate(after.rejected),
    )


def compare_json(before: Stretch, after: Stretch, changes: Sequence[Change]) -> str:
    """What changed, as JSON."""
    return dumps(
        {
            "schema": COMPARE_SCHEMA,
            "before": {"window": plain(before.window), "total": plain(before.total)},
            "after": {"window": plain(after.window), "total": plain(after.total)},
            "changes": [plain(change) for change in changes],
        }
    )


def schema_page(columns: Sequence[tuple[str, str, str, str]]) -> Page:
    """Columns of the request table: name, type, unit, meaning."""
    items = tuple(
        f"{name} {kind}: {meaning}" + (f" ({unit})" if unit else "") for name, kind, unit, meaning in columns
    )
    return Page("request table", (Bullets(items),))
