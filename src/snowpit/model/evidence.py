"""Where a statement comes from, and what of the evidence was read."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Pointer:
    """One place in the evidence.

    Args:
        path: File as the user named it; members of archives as ``archive!member``.
        line: 1-based line after decompression.
        offset: Byte offset of the line after decompression, if known.
    """

    path: str
    line: int
    offset: int | None = None

    def __str__(self) -> str:
        """``path:line``, as editors understand it."""
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Reject:
    """One stretch of evidence that could not be read.

    The bytes themselves are never kept: they may hold tokens.

    Args:
        line: 1-based line.
        offset: Byte offset of the stretch after decompression.
        length: Its length in bytes.
        reason: Short name of what is wrong, as counted in ``FileCoverage.rejected``.
    """

    line: int
    offset: int
    length: int
    reason: str


@dataclass(slots=True, kw_only=True)
class FileCoverage:
    """What was read of one file (or archive member, or standard input).

    Two sums hold, always, and a property test corrupts files to prove it::

        lines == event_lines + empty_lines + other_lines + sum(rejected lines)
        bytes == event_bytes + empty_bytes + other_bytes + rejected_bytes

    and ``events == kept + merged + sum(skipped) + duplicates``.

    Args:
        path: As the user named it; members as ``archive!member``.
        kind: What it was taken for, e.g. ``audit log (JSON lines)``.
        container: Compression and archive layers, outermost first.
        stored_bytes: Size as stored (compressed), if known.
        bytes: Bytes after decompression, all of them.
        lines: Lines after decompression.
        events: Audit events found, all stages.
        kept: Rows that this file gave to the request table.
        merged: Events folded into another stage of the same request.
        skipped: Events left out on purpose, by reason (time window, filter, stage).
        duplicates: Events seen before, here or in another file.
        rejected: Lines that could not be read, by reason.
        rejected_at: Samples of them, at most 20.
        truncated: What is missing at the end, in words; empty if the file is whole.
        first: Earliest arrival, µs since the epoch.
        last: Latest instant, µs since the epoch.
        servers: API servers that wrote into it, as far as known.
        versions: Kubernetes versions of servers that its events tell.
        levels: Events by audit level.
        stages: Events by audit stage.
        absent: Columns that this kind of evidence does not carry.
        rows: Rows of the tables beside the request table (``metrics``, ``log_lines``, ``settings``), by table.
        notes: Remarks about reading it, e.g. an assumed year or zone.
    """

    path: str
    kind: str = "unknown"
    container: tuple[str, ...] = ()
    stored_bytes: int | None = None
    bytes: int = 0
    lines: int = 0
    event_lines: int = 0
    event_bytes: int = 0
    empty_lines: int = 0
    empty_bytes: int = 0
    other_lines: int = 0
    other_bytes: int = 0
    rejected_bytes: int = 0
    events: int = 0
    kept: int = 0
    merged: int = 0
    duplicates: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)
    rejected_at: list[Reject] = field(default_factory=list)
    truncated: str = ""
    first: int | None = None
    last: int | None = None
    servers: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    levels: Mapping[str, int] = field(default_factory=dict)
    stages: Mapping[str, int] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was read of all the evidence, file by file."""

    files: tuple[FileCoverage, ...]

    @property
    def events(self) -> int:
        """Audit events found, all stages, duplicates included."""
        return sum(file.events for file in self.files)

    @property
    def kept(self) -> int:
        """Rows of the request table."""
        return sum(file.kept for file in self.files)

    @property
    def rejected(self) -> int:
        """Lines that could not be read."""
        return sum(sum(file.rejected.values()) for file in self.files)
