"""Who holds the seats, and how it went over time."""

from snowpit.model.observation import ChangePoint, Holder, SeatKind
from snowpit.model.window import MICROS
from snowpit.report.case import Case
from snowpit.report.content import Bar, Block, Cell, Lines, Paragraph, Section, Table
from snowpit.report.figures import clock, count, plural, rate, seconds, share

MOST_HOLDERS = 6
EVERY_NODE = "system:node:*"
"""How observations name all kubelets together."""

LEAST = 0.01
"""Share of seat time from which on a holder is shown."""

AROUND = 90
"""Bins shown at most: the stretch around the change, or the whole window where nothing changes."""

LEAD = 0.25
"""Share of the stretch shown before the change."""

_SERIES = (
    ("arrived", "arrived", "/s"),
    ("ok", "answered well", "/s"),
    ("rejected", "rejected (429)", "/s"),
    ("timed_out", "timed out (504)", "/s"),
    ("unauthorized", "refused (401)", "/s"),
    ("held_mutating", "seats, writes", "seats"),
    ("held_readonly", "seats, reads", "seats"),
    ("open", "in the system", "open"),
)
_WORDS = {
    "held_mutating": "seats held by writes",
    "held_readonly": "seats held by reads",
    "open": "requests in the system",
    "arrived": "arrivals a second",
    "ok": "good answers a second",
    "finished": "answers a second",
    "rejected": "rejections (429) a second",
    "timed_out": "time-outs (504) a second",
    "unauthorized": "refused logins (401) a second",
    "server_error": "server errors a second",
    "watches_started": "watches started a second",
}
_ALWAYS = ("arrived", "held_mutating", "held_readonly")


def sections(case: Case) -> list[Block]:
    """The seat table and the time lines; nothing where no request held a seat."""
    if not case.observed.traffic.attempts:
        return []
    found: list[Block] = []
    held = tuple(block for block in (_seats(case, "mutating"), _seats(case, "readonly")) if block)
    if held:
        found.append(Section("Who holds the seats", held))
    lines = _time(case)
    if lines:
        found.append(Section("Over time", (lines,)))
    return found


def _seats(case: Case, kind: str) -> Section | None:
    seats = getattr(case.observed.seats, kind)
    if not seats.holders or not seats.held_s:
        return None
    shown = [
        item for place, item in enumerate(seats.holders[:MOST_HOLDERS]) if place == 0 or item.share >= LEAST
    ]
    rows = tuple(map(_holder, shown))
    head = ("client", "request", "attempts", "seat time", "share", "")
    table = Table(head, rows, right=frozenset({2, 3, 4}), shorten=frozenset({0, 1}))
    title = "Seats for writes (mutating)" if kind == "mutating" else "Seats for reads (read-only)"
    return Section(title, (Paragraph(_state(seats, case.plane.limit(kind))), table))


def _state(seats: SeatKind, limit: int) -> str:
    """Peak, limit, plateau and rejections in words."""
    text = f"At most {plural(seats.peak, 'seat')} held at once"
    text += f" (at {clock(seats.peak_at)})" if seats.peak_at is not None else ""
    text += f", limit {count(limit)}; on average {rate(seats.mean)} while there was traffic."
    if seats.plateau is not None:
        text += f" Flat top at {plural(seats.plateau, 'seat')} for {plural(seats.plateau_s, 'second')}."
    if seats.rejected:
        text += f" {plural(seats.rejected, 'request')} rejected (429)."
    return text


def _holder(holder: Holder) -> tuple[Cell, ...]:
    name = plural(holder.clients, "kubelet") if holder.client == EVERY_NODE else holder.client
    name = name or "(unknown)"
    return (
        name,
        str(holder.key),
        count(holder.attempts),
        seconds(holder.held_s),
        share(holder.share),
        Bar(holder.share),
    )


def _time(case: Case) -> Lines | None:
    """Series around the change point, or over the whole window."""
    timeline, change = case.observed.timeline, case.observed.change
    bins = max((len(values) for values in timeline.series.values()), default=0)
    if not bins:
        return None
    at = None if change.at is None else int((change.at - timeline.start) / MICROS / timeline.step_s)
    low, high = (0, bins) if at is None else _around(at, bins)
    series = []
    for name, label, unit in _SERIES:
        values = tuple(timeline.series.get(name, ())[low:high])
        if values and (any(values) or name in _ALWAYS):
            series.append((label, values, f"max {_most(values, unit, timeline.step_s)}"))
    start = timeline.start + int(low * timeline.step_s * MICROS)
    end = timeline.start + int(high * timeline.step_s * MICROS)
    mark = None if at is None else (at - low) / max(1, high - low)
    text = "" if at is None else f"{clock(change.at)}: {changed(change)}"
    return Lines(tuple(series), clock(start), clock(end), mark, text)


def changed(change: ChangePoint) -> str:
    """What changed at the change point, in words."""
    return f"{_WORDS.get(change.what, change.what)} from {rate(change.before)} to {rate(change.after)}"


def _around(at: int, bins: int) -> tuple[int, int]:
    low = max(0, min(at - int(AROUND * LEAD), bins - AROUND))
    return low, min(bins, low + AROUND)


def _most(values: tuple[float, ...], unit: str, step_s: float) -> str:
    """The largest value; counts per bin become rates."""
    return f"{rate(max(values) / step_s)} /s" if unit == "/s" else f"{rate(max(values))} {unit}"
