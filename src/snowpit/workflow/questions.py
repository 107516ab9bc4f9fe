"""Smaller questions to the same table: a pivot, a comparison, a statement of the user's."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from snowpit.errors import QueryError
from snowpit.observe.comparison import Change, Stretch, compare, stretch
from snowpit.observe.pivot import Pivot, pivot
from snowpit.workflow.evidence import Evidence, Source, bounds, extent, narrow, opened


def top(source: Source, columns: Sequence[str], *, measure: str, limit: int, per_s: float | None) -> Pivot:
    """Rank requests by any columns."""
    with opened(source) as evidence:
        return pivot(evidence.tables, columns, measure=measure, limit=limit, per_s=per_s)


def sql(source: Source, statement: str, *, most: int) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run one SELECT over the request table: column names and rows, at most so many."""
    with opened(source) as evidence:
        return evidence.tables.select(statement, most=most)


def difference(
    source: Source, *, split: str, windows: Sequence[tuple[str, str]], limit: int
) -> tuple[Stretch, Stretch, tuple[Change, ...]]:
    """What changed between two logs, or two windows of one.

    Args:
        source: Two paths, or one.
        split: With one path: the instant between before and after; empty to take the windows.
        windows: With one path and no split: (since, until) of before and of after.
        limit: Changes given at most.
    """
    two = len(source.paths) == 2  # noqa: PLR2004 - before and after
    if two and not split and not windows:
        before, after = (_measured(replace(source, paths=[path])) for path in source.paths)
        return before, after, compare(before, after, limit=limit)
    if split:
        windows = (source.since, split), (split, source.until)
    if two or len(windows) != 2:  # noqa: PLR2004
        raise QueryError(
            "Two sides are needed.",
            "Give two logs, or one log with --split TIME, or with --before and --after.",
        )
    with opened(source) as evidence:
        before, after = (
            _side(evidence, replace(source, since=since, until=until)) for since, until in windows
        )
    return before, after, compare(before, after, limit=limit)


def _side(evidence: Evidence, source: Source) -> Stretch:
    """One window, as far as the evidence covers it: what lies outside would water down the rates."""
    narrow(evidence.tables, evidence.coverage, source)
    since, until = bounds(evidence.coverage, source)
    first, last = extent(evidence.coverage)
    return stretch(
        evidence.tables,
        since=None if since is None else max(since, first),
        until=None if until is None else min(until, last + 1),
    )


def _measured(source: Source) -> Stretch:
    with opened(source) as evidence:
        return stretch(evidence.tables)
