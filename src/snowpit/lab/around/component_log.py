"""The klog file of a component, written a piece at a time: a fleet has more logs than a process may have open files."""

from pathlib import Path

from snowpit.lab.clock import Clock
from snowpit.lab.evidence.text import escaped, plain

PIECE = 16 << 10
"""Bytes that are kept back before they are written."""


class ComponentLog:
    """The log; ``flush`` it at the end.

    Args:
        path: The file, made with its first lines; null writes nothing.
        clock: The lab's clock.
        pid: Process id, as lines tell it.
    """

    def __init__(self, path: Path | None, clock: Clock, pid: int = 1) -> None:
        self._path, self._clock, self._pid = path, clock, pid
        self._kept: list[str] = []
        self._size = 0

    def line(self, severity: str, place: str, text: str) -> None:
        """Write a line.

        Args:
            severity: ``I``, ``W`` or ``E``.
            place: Source file and line: ``server.go:245``.
            text: The message; what could end its line is escaped.
        """
        if self._path is None:
            return
        stamp = self._clock.moment().strftime("%m%d %H:%M:%S.%f")
        self._kept.append(f"{severity}{stamp} {self._pid:>7} {place}] {plain(text)}\n")
        self._size += len(self._kept[-1])
        if self._size >= PIECE:
            self.flush()

    def flush(self) -> None:
        """Write what is kept back."""
        if self._path is None or not self._kept:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8", errors="backslashreplace") as out:
            out.writelines(self._kept)
        self._kept.clear()
        self._size = 0


def quoted(text: str) -> str:
    r"""Text as Go's ``%q`` prints it.

    >>> print(quoted('status "401"'))
    "status \"401\""
    """
    return f'"{escaped(text)}"'


def structured(message: str, *, error: str = "", **values: str) -> str:
    """A structured message (klog from 2.4).

    >>> structured("Failed to scrape node", error="no", node="node-1")
    '"Failed to scrape node" err="no" node="node-1"'
    """
    pairs = [f"err={quoted(error)}"] if error else []
    pairs += [f"{key}={quoted(value)}" for key, value in values.items()]
    return " ".join([quoted(message), *pairs])
