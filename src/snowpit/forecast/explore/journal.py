"""The journal of an exploration: finished jobs, one line of JSON each, kept on disk as they come.

The first line says what the journal is of; a journal of something else is refused. A last line that was torn by a kill
is cut off, and its job is done again.
"""

import fcntl
import hashlib
import inspect
import os
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Self

import msgspec

from snowpit.cluster import horizon
from snowpit.cluster.scenario import Scenario
from snowpit.errors import EvidenceError
from snowpit.forecast import askers, closed
from snowpit.forecast.explore import early, kicks, questions
from snowpit.forecast.explore.axes import Settings
from snowpit.observe import outcome
from snowpit.simulate import compiled

SCHEMA = "snowpit.explore/v1"
NAME = "journal.jsonl"

JUDGES = (askers, closed, early, kicks, questions, outcome, horizon)
"""Modules that an answer depends on, beside the simulator."""

Key = tuple[Settings, int]
"""What was set, and the seed."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """First line: what the journal is of."""

    schema: str
    question: str
    scenario: str
    digest: str


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One finished job."""

    at: tuple[tuple[str, str], ...]
    seed: int
    answer: dict[str, float | str | None]


def head(scenario: Scenario, question: str) -> Head:
    """What a journal of a question about a scenario says of itself.

    The digest covers the scenario, the question, and the sources of the simulator and of the judgement: an answer of
    another release is another answer. Axes and seeds are not part of it, so that a finer map takes over the points of a
    coarse one.
    """
    found = hashlib.sha256(
        f"{scenario!r}\n{question}\n{compiled.digest()}".encode("utf-8", "backslashreplace")
    )
    for module in JUDGES:
        found.update(inspect.getsource(module).encode("utf-8"))
    return Head(schema=SCHEMA, question=question, scenario=scenario.name, digest=found.hexdigest()[:32])


class Journal:
    """Finished jobs of one exploration in a folder; one process at a time may write it.

    Args:
        folder: The folder; it is made if it is missing.
        what: What the journal is of.

    Raises:
        EvidenceError: If the folder cannot be written, another process writes it, or it holds something else.
    """

    def __init__(self, folder: Path, what: Head) -> None:
        self._path = folder / NAME
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        except OSError as error:
            raise EvidenceError(
                f"{self._path} cannot be opened: {error.strerror}.", "Give a folder of your own as --out."
            ) from error
        self._file: BinaryIO = os.fdopen(descriptor, "r+b")
        try:
            self.done: Mapping[Key, dict[str, float | str | None]] = self._opened(what)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        """Nothing to do: it is open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file; its lines stay."""
        self._file.close()

    def add(self, key: Key, answer: Mapping[str, float | str | None]) -> None:
        """Keep one finished job; when this returns, it survives a kill."""
        at, seed = key
        self._write(Line(at=at, seed=seed, answer=dict(answer)))

    def _opened(self, what: Head) -> dict[Key, dict[str, float | str | None]]:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise EvidenceError(
                f"{self._path} is being written by another run.", "Wait for it, or give another --out."
            ) from error
        first = self._file.readline()
        if not first.endswith(b"\n"):
            self._cut(0)
            self._write(what)
            return {}
        self._same(first, what)
        return self._lines()

    def _same(self, first: bytes, what: Head) -> None:
        """Refuse a journal of something else."""
        try:
            found = msgspec.json.decode(first, type=Head)
        except msgspec.DecodeError as error:
            raise EvidenceError(f"{self._path} is no journal of snowpit.", "Give another --out.") from error
        if found != what:
            raise EvidenceError(
                f"{self._path} holds points of another scenario, question or release ({found.scenario}, {found.question}).",
                "Give another --out, or remove the folder.",
            )

    def _lines(self) -> dict[Key, dict[str, float | str | None]]:
        """Finished jobs; a torn last line is cut off."""
        found: dict[Key, dict[str, float | str | None]] = {}
        number, end = 1, self._file.tell()
        for raw in self._file:
            number += 1
            if not raw.endswith(b"\n"):
                break
            try:
                line = msgspec.json.decode(raw, type=Line)
            except msgspec.DecodeError as error:
                raise EvidenceError(
                    f"{self._path}, line {number}, is damaged.", "Remove that line, or give another --out."
                ) from error
            found[line.at, line.seed] = line.answer
            end += len(raw)
        self._cut(end)
        return found

    def _cut(self, end: int) -> None:
        self._file.seek(end)
        self._file.truncate()

    def _write(self, what: msgspec.Struct) -> None:
        try:
            self._file.write(msgspec.json.encode(what) + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise EvidenceError(
                f"{self._path} cannot be written: {error.strerror}.", "Check the space where --out lies."
            ) from error
