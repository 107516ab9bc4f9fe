"""Every line and byte of a stream, accounted for in its coverage."""

from collections.abc import Mapping

from snowpit.model.evidence import FileCoverage, Reject

SAMPLES = 20
"""Places of rejected stretches that are kept."""

NAMED = 12
"""Kinds that a note names."""


class Account:
    """Adds stretches of whole lines to a coverage.

    Args:
        coverage: What is written to.
    """

    def __init__(self, coverage: FileCoverage) -> None:
        self._coverage = coverage
        self._unused: dict[str, int] = {}

    @property
    def line(self) -> int:
        """Lines before the next stretch."""
        return self._coverage.lines

    def add(self, data: bytes, verdict: str) -> None:
        """Account for the next stretch.

        Args:
            data: Whole lines; the last one of a stream may lack its end.
            verdict: ``event``, ``empty``, ``other`` or ``reject:<reason>``.
        """
        self.skip(len(data), data.count(b"\n") + (not data.endswith(b"\n") if data else 0), verdict)

    def skip(self, size: int, lines: int, verdict: str) -> None:
        """Account for a stretch of which only size and lines are known."""
        coverage = self._coverage
        if verdict.startswith("reject:"):
            reason = verdict.removeprefix("reject:")
            coverage.rejected[reason] = coverage.rejected.get(reason, 0) + lines
            coverage.rejected_bytes += size
            if len(coverage.rejected_at) < SAMPLES:
                coverage.rejected_at.append(Reject(coverage.lines + 1, coverage.bytes, size, reason))
        elif verdict == "event":
            coverage.event_lines += lines
            coverage.event_bytes += size
        elif verdict == "empty":
            coverage.empty_lines += lines
            coverage.empty_bytes += size
        else:
            coverage.other_lines += lines
            coverage.other_bytes += size
        coverage.lines += lines
        coverage.bytes += size

    def unused(self, kinds: Mapping[str, int]) -> None:
        """Count objects of no use by kind."""
        for kind, times in kinds.items():
            self._unused[kind] = self._unused.get(kind, 0) + times

    def note(self, text: str) -> None:
        """Keep a remark once."""
        if text not in self._coverage.notes:
            self._coverage.notes.append(text)

    def told(self, version: object, server: object) -> None:
        """Note a release of kube-apiserver and the instance that ran it."""
        coverage = self._coverage
        if isinstance(version, str) and version not in coverage.versions:
            coverage.versions = tuple(sorted({*coverage.versions, version}))[:SAMPLES]
        if isinstance(server, str) and server and server not in coverage.servers:
            coverage.servers = tuple(sorted({*coverage.servers, server}))[:SAMPLES]

    def close(self) -> None:
        """Say in the notes which objects were of no use."""
        if self._unused:
            self._coverage.notes.append(f"objects of no use here: {_counted(self._unused)}")


def _counted(kinds: Mapping[str, int]) -> str:
    ranked = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    more = f" and {len(ranked) - NAMED} other kinds" if len(ranked) > NAMED else ""
    return ", ".join(f"{times} {kind}" for kind, times in ranked[:NAMED]) + more
