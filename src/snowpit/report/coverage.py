"""What was read, what was not and why, and what the evidence cannot show."""

import re
from collections import Counter
from collections.abc import Sequence

from snowpit.model.evidence import FileCoverage
from snowpit.model.observation.clocks import ClockOffset
from snowpit.report.case import Case
from snowpit.report.content import Block, Bullets, Paragraph, Section
from snowpit.report.figures import clock, count, plural, seconds, share, size

MOST_FILES = 6
MOST_PLACES = 5
ROWS = {"metrics": "metric sample", "log_lines": "log line", "settings": "setting"}
"""Rows of the tables beside the requests, in words."""

INFORMATION = re.compile(
    r"the year \d+ is inferred|times? (?:have|has) no zone|taken at |time of the file|lines of severity|users are inferred"
    r"|read by |\d+ dumps in one file|objects of no use here|a part of a dump"
)
"""Starts of notes that call for no care: how times and names were taken."""

SIMULATED = "simulated requests"
"""Kind of what came from the simulator and was never a file."""


def section(case: Case) -> Section:
    """The coverage of all files, the window and the server, and the blind spots."""
    files = _ranked(case.coverage.files)
    blocks: list[Block] = [Paragraph(_summary(case)), Bullets(tuple(map(_file, files[:MOST_FILES])))]
    if len(files) > MOST_FILES:
        blocks.append(Bullets((_others(files[MOST_FILES:]),)))
    told = _short(
        [f"{file.path}: {note}" for file in files for note in file.notes if INFORMATION.match(note)]
    )
    if told:
        blocks.append(Section("How times and names were taken", (Bullets(told),)))
    remarks = _remarks(files)
    if remarks:
        blocks.append(Section("Not read, or read with care", (Bullets(remarks, mark="!"),)))
    if case.observed.clocks:
        blocks.append(Section("Clocks", (Bullets(tuple(map(_clock, case.observed.clocks[:MOST_FILES]))),)))
    blind = tuple(dict.fromkeys((*_absent(files), *_blind(case))))
    if blind:
        blocks.append(Section("What this evidence cannot show", (Bullets(blind),)))
    return Section("Coverage", tuple(blocks))


def _blind(case: Case) -> tuple[str, ...]:
    """What requests cannot show; without any, what metrics, logs and configuration cannot."""
    if case.observed.traffic.attempts or not any(file.rows for file in case.coverage.files):
        return case.observed.policy.blind
    return ("No request is in this evidence: who asks, for what, and who holds the seats cannot be told.",)


def _clock(found: ClockOffset) -> str:
    """How far one source's clock is from another's; the times of neither are changed."""
    ahead = "ahead of" if found.offset_s >= 0 else "behind"
    return (
        f"{found.source} is {seconds(abs(found.offset_s))} {ahead} {found.reference}, give or take"
        f" {seconds(found.spread_s)} ({plural(found.pairs, 'pair')} by {found.basis})."
    )


def _ranked(files: tuple[FileCoverage, ...]) -> tuple[FileCoverage, ...]:
    """All files in their order, or, where only some are shown, those with the most events first."""
    if len(files) <= MOST_FILES:
        return files
    return tuple(sorted(files, key=lambda file: (-file.events, file.path)))


def _summary(case: Case) -> str:
    """Window, size and server, in three sentences."""
    window, hints = case.observed.window, case.observed.hints
    traffic = case.observed.traffic
    if not traffic.attempts:
        return f"No requests. {_beside(case.coverage.files)} {_version(case)}"
    seen = f"{plural(traffic.attempts, 'request')} from {clock(window.start)} to {clock(window.end)} ({seconds(window.seconds)})"
    active = traffic.active_seconds
    gaps = (
        f", with traffic in {share(active / window.seconds)} of the seconds"
        if 0 < active < window.seconds * 0.9
        else ""
    )
    users = f" {plural(hints.users, 'user')}, {plural(hints.nodes, 'node')}, {plural(max(1, hints.servers), 'API server')}."
    return f"{seen}{gaps}.{users} {_version(case)}"


def _beside(files: Sequence[FileCoverage]) -> str:
    """What there is beside requests, and when."""
    total: Counter[str] = Counter()
    for file in files:
        total.update(file.rows)
    counted = ", ".join(plural(number, ROWS.get(table, table)) for table, number in sorted(total.items()))
    times = [time for file in files if file.rows for time in (file.first, file.last) if time is not None]
    ends = dict.fromkeys((clock(min(times)), clock(max(times)))) if times else {}
    when = f" from {' to '.join(ends)}" if len(ends) > 1 else "".join(f" of {end}" for end in ends)
    return f"{counted or 'Nothing else'}{when}."


def _version(case: Case) -> str:
    found = case.plane.values.get("version")
    if case.plane.version is None:
        return "Server version unknown: give --server-version for exact remedies."
    return f"Server version {case.plane.version} ({found.source if found else 'given'})."


def _file(file: FileCoverage) -> str:
    """One line: the rule lines = events + empty + other + rejected, and what became of the events."""
    if file.kind == SIMULATED:
        return f"{file.path}: {plural(file.kept, 'simulated request')}"
    rejected = sum(file.rejected.values())
    layers = f" in {' in '.join(reversed(file.container))}" if file.container else ""
    rule = (
        f"{plural(file.lines, 'line')} = {count(file.event_lines)} {'with events' if file.events or not file.rows else 'read'} + {count(file.empty_lines)} empty"
        f" + {count(file.other_lines)} other + {count(rejected)} rejected"
    )
    left_out = "".join(
        f", {count(number)} left out ({reason})" for reason, number in sorted(file.skipped.items())
    )
    if file.rows and not file.events:
        return f"{file.path}: {file.kind}{layers}, {size(file.bytes)}; {rule}; {_kept(file)}"
    if not file.events and not file.skipped:
        return f"{file.path}: {file.kind}{layers}, {size(file.bytes)}; {rule}; nothing was taken from it"
    fate = (
        f"{plural(file.events, 'event')} -> {plural(file.kept, 'request')}"
        f" ({count(file.merged)} merged, {plural(file.duplicates, 'duplicate')}{left_out})"
    )
    also = f"; {_kept(file)}" if file.rows else ""
    return f"{file.path}: {file.kind}{layers}, {size(file.bytes)}; {rule}; {fate}{also}"


def _kept(file: FileCoverage) -> str:
    """Rows that it gave to the tables beside the requests."""
    return ", ".join(plural(number, ROWS.get(table, table)) for table, number in sorted(file.rows.items()))


def _others(files: Sequence[FileCoverage]) -> str:
    lines, events = sum(file.lines for file in files), sum(file.events for file in files)
    rejected = sum(sum(file.rejected.values()) for file in files)
    beside: Counter[str] = Counter()
    for file in files:
        beside.update(file.rows)
    kept = ", ".join(plural(number, ROWS.get(table, table)) for table, number in sorted(beside.items()))
    fate = (
        f"{plural(events, 'event')} -> {plural(sum(file.kept for file in files), 'request')}"
        f" ({plural(sum(file.duplicates for file in files), 'duplicate')})"
    )
    return (
        f"and {plural(len(files), 'more file')}: {size(sum(file.bytes for file in files))}, {count(lines)} lines"
        f" = {count(sum(file.event_lines for file in files))} {'read' if beside else 'with events'}"
        f" + {count(sum(file.empty_lines for file in files))} empty"
        f" + {count(sum(file.other_lines for file in files))} other + {count(rejected)} rejected;"
        f" {'; '.join(text for text in (fate if events or not kept else '', kept) if text)}"
    )


def _remarks(files: Sequence[FileCoverage]) -> tuple[str, ...]:
    """Rejects with places, truncations and notes, at most a dozen lines."""
    lines: list[str] = []
    for file in files:
        if file.truncated:
            lines.append(f"{file.path} is cut off: {file.truncated}. What came before it is kept.")
        lines += [f"{file.path}: {note}" for note in file.notes if not INFORMATION.match(note)]
        lines += _rejects(file)
    return _short(lines)


def _short(lines: Sequence[str]) -> tuple[str, ...]:
    """At most a dozen lines, and how many there are beside them."""
    most = 2 * MOST_FILES
    return (
        *lines[:most],
        *(
            [f"and {plural(len(lines) - most, 'more remark')} (all of them: -o json)"]
            if len(lines) > most
            else []
        ),
    )


def _rejects(file: FileCoverage) -> list[str]:
    lines = []
    for reason, number in sorted(file.rejected.items()):
        places = [place for place in file.rejected_at if place.reason == reason][:MOST_PLACES]
        where = "; ".join(f"line {count(place.line)}, byte {count(place.offset)}" for place in places)
        more = ", ..." if number > len(places) else ""
        lines.append(f"{file.path}: {plural(number, 'line')} rejected, {reason} ({where}{more})")
    return lines


def _absent(files: Sequence[FileCoverage]) -> tuple[str, ...]:
    """Fields that the evidence does not carry, by kind, with the number of files where it is not all of them."""
    fruitful = [file for file in files if file.events]
    kinds = Counter((file.kind, ", ".join(file.absent)) for file in fruitful if file.absent)
    return tuple(
        f"{kind} carries no {fields}"
        + ("." if number == len(fruitful) else f" ({number} of {len(fruitful)} files).")
        for (kind, fields), number in sorted(kinds.items())
    )
