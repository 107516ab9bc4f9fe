"""Reader of evidence that has one event, or one envelope, a line."""

from collections.abc import Iterator

from snowpit.ingest.tolerant.cutter import Cut, Cutter
from snowpit.ingest.tolerant.decode import BrokenJsonError, decode
from snowpit.ingest.tolerant.documents import Documents
from snowpit.ingest.tolerant.kinds import LARGEST, Remarks
from snowpit.ingest.tolerant.pieces import CUT_OFF, Piece, piece, read_stretch
from snowpit.ingest.tolerant.prefix import split_prefix
from snowpit.ingest.tolerant.reader import read_event, read_line

_LARGE = 4 << 20  # a batch of this size is read member by member


class Lines:
    """Collects lines, joins those that a container runtime split, and reads them.

    Args:
        remarks: Takes remarks and absent columns.
    """

    def __init__(self, remarks: Remarks) -> None:
        self._remarks = remarks
        self._cutter = Cutter()
        self._split: list[bytes] = []  # lines of a message that is not complete yet
        self._texts: list[bytes] = []

    def feed(self, data: bytes) -> Iterator[Piece]:
        """Pieces of the lines that end within these bytes."""
        for cut in self._cutter.feed(data):
            yield from self._line(cut, final=False)

    def finish(self) -> Iterator[Piece]:
        """Pieces of the last line, if it has no end, and of a message that was never completed."""
        for cut in self._cutter.finish():
            yield from self._line(cut, final=True)
        yield from self._give_up(CUT_OFF)

    def _line(self, cut: Cut, *, final: bool) -> Iterator[Piece]:
        line = cut.line
        if cut.dropped:
            yield from self._give_up("partial line")
            yield cut.as_reject()
        elif self._split:
            yield from self._go_on(line, final=final)
        elif _may_be_split(line) and (fragment := _fragment(line)) and fragment[1] and not self._whole(line):
            self._split, self._texts = [line], [fragment[0]]
        else:
            yield from self._plain(line, final=final)

    def _whole(self, line: bytes) -> bool:
        """Whether a line that looks like a fragment can be read by itself."""
        return read_line(line, self._remarks)[0] in ("event", "other")

    def _plain(self, line: bytes, *, final: bool) -> Iterator[Piece]:
        if line[:1] == b"\0":
            rest = line.lstrip(b"\0")
            yield piece(line[: len(line) - len(rest)], "reject:NUL bytes")
            line = rest
        if (
            len(line) > _LARGE
            and line.lstrip()[:1] in (b"{", b"[")
            and read_event(line, self._remarks) is None
        ):
            batch = Documents(self._remarks)
            yield from batch.feed(line)
            yield from batch.finish()
        elif line:
            yield from read_stretch(line, self._remarks, final=final)

    def _go_on(self, line: bytes, *, final: bool) -> Iterator[Piece]:
        fragment = _fragment(line)
        if fragment is None or sum(map(len, self._texts)) > LARGEST:
            yield from self._give_up("partial line")
            yield from self._plain(line, final=final)
            return
        self._split.append(line)
        self._texts.append(fragment[0])
        if not fragment[1]:
            verdict, rows = read_line(b"".join(self._texts), self._remarks)
            whole = b"".join(self._split)
            self._split, self._texts = [], []
            yield piece(whole, verdict, rows)

    def _give_up(self, reason: str) -> Iterator[Piece]:
        for line in self._split:
            yield piece(line, f"reject:{reason}")
        self._split, self._texts = [], []


def _may_be_split(line: bytes) -> bool:
    """Cheap test that spares ordinary lines the exact one."""
    return (line.startswith(b'{"log":"') and b'\\n","' not in line) or b" P" in line[:64]


def _fragment(line: bytes) -> tuple[bytes, bool] | None:
    """The text of a container runtime's line, and whether it goes on; null if it is no such line.

    containerd and CRI-O mark the parts of a long message with P; the Docker
    json-file driver ends only the last part (of 16 KiB each) with a line end.
    """
    if line[:1] != b"{":
        prefixed = split_prefix(line.rstrip(b"\r\n"))
        flagged = prefixed is not None and prefixed.time is not None and prefixed.host is None
        return (prefixed.payload, prefixed.partial) if prefixed is not None and flagged else None
    try:
        value = decode(line)
    except BrokenJsonError:
        return None
    text = value.get("log") if isinstance(value, dict) else None
    if not isinstance(text, str) or "stream" not in value:
        return None
    return text.encode("utf-8", "replace"), not text.endswith("\n")
