"""What differs between two stretches of traffic, per second of each: the question of ``snowpit compare``."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from snowpit.model.window import Window
from snowpit.observe.pivot import extent, grouped
from snowpit.store import Tables

SUBJECTS = (
    ("request class", ("verb", "resource", "subresource")),
    ("user agent", ("user_agent",)),
    ("user", ("user",)),
)
"""What is compared: name and columns."""

KUBELETS = "CASE WHEN client_kind = 'node' THEN 'system:node:*' ELSE \"user\" END"
"""Users, with all kubelets as one: a thousand of them would hide everybody else."""

MOST = 5_000
"""Values looked at per side; smaller ones could not change the ranking."""

NOTICEABLE = 0.01
"""Part of the largest change below which a change is noise to a reader."""


class Side(NamedTuple):
    """One value on one side.

    Args:
        rate: Attempts per second.
        seats: Mean seats held (seat time per second).
        p99: 99th percentile of the sojourn time, seconds.
        errors: Failed attempts per second.
        rejected: Attempts answered 429, per second.
    """

    rate: float = 0.0
    seats: float = 0.0
    p99: float | None = None
    errors: float = 0.0
    rejected: float = 0.0


class Change(NamedTuple):
    """One value on both sides.

    Args:
        subject: What it is (a user, a request class ...).
        name: Its name.
        before: On the first side.
        after: On the second side.
        effect: How much it changed: difference in mean seats, plus rejected and failed attempts per second.
    """

    subject: str
    name: str
    before: Side
    after: Side
    effect: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One side as a whole.

    Args:
        window: Its time.
        total: All requests.
        values: (subject, name) -> side.
    """

    window: Window
    total: Side
    values: dict[tuple[str, str], Side]


def stretch(tables: Tables, *, since: int | None = None, until: int | None = None) -> Stretch:
    """Measure one side: rates per second over its window, by request class, user agent and user.

    Args:
        tables: Requests of that side alone.
        since: Start of the window, µs since the epoch; null for the first arrival.
        until: End of the window; null for the last instant. Requests that arrived before it and ended later
            hold their seats for their whole sojourn time.
    """
    seen = extent(tables)
    window = Window(seen.start if since is None else since, seen.end if until is None else until)
    seconds = max(window.seconds, 1.0)
    values: dict[tuple[str, str], Side] = {}
    for subject, columns in SUBJECTS:
        names = [f"k{number}" for number in range(len(columns))]
        for row in tables.run(_query(columns, names, seen.end)):
            values[subject, _name(row[: len(names)])] = _side(row[len(names) :], seconds)
    total = tables.run(grouped("1 AS k0", ["k0"], seen.end))
    return Stretch(window=window, total=_side(total[0][1:], seconds) if total else Side(), values=values)


def compare(before: Stretch, after: Stretch, *, limit: int = 20) -> tuple[Change, ...]:
    """What changed, largest effect first: seats, then failures, then arrivals.

    Changes below ``NOTICEABLE`` of the largest effect, and of all arrivals, are left out.
    """
    keys = sorted({*before.values, *after.values})
    changes = [_change(key, before.values.get(key, Side()), after.values.get(key, Side())) for key in keys]
    ranked = sorted(
        changes, key=lambda item: (-item.effect, -abs(item.after.rate - item.before.rate), item[:2])
    )
    least = NOTICEABLE * (ranked[0].effect if ranked else 0.0)
    few = NOTICEABLE * max(before.total.rate, after.total.rate)
    return tuple(
        item
        for item in ranked
        if item.before != item.after
        and (item.effect > least or abs(item.after.rate - item.before.rate) > few)
    )[:limit]


def _query(columns: Sequence[str], names: Sequence[str], end: int) -> str:
    sources = [KUBELETS if column == "user" else column for column in columns]
    keys = ", ".join(
        f"CAST({source} AS VARCHAR) AS {name}" for source, name in zip(sources, names, strict=True)
    )
    order = ", ".join(["held DESC", "n DESC", *names])
    return f"SELECT * FROM ({grouped(keys, names, end)}) ORDER BY {order} LIMIT {MOST}"


def _name(values: Sequence[str | None]) -> str:
    """A request class in words, or the value itself."""
    if len(values) == 1:
        return values[0] or "(none)"
    verb, resource, subresource = (value or "" for value in values)
    return f"{verb} {resource or '(non-resource)'}" + (f"/{subresource}" if subresource else "")


def _side(row: Sequence[Any], seconds: float) -> Side:
    number, held, p99, errors, rejected = row
    return Side(number / seconds, held / seconds, p99, errors / seconds, rejected / seconds)


def _change(key: tuple[str, str], before: Side, after: Side) -> Change:
    failed = abs(after.errors - before.errors) + abs(after.rejected - before.rejected)
    return Change(*key, before, after, abs(after.seats - before.seats) + failed)
