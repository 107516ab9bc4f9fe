"""Parsed logs kept on disk, so that the next question on the same files answers at once.

One entry holds the part files of everything inside one file on disk, and a
manifest with its coverage. Its name is a digest of the file's size and of 64
blocks of 16 KiB spread evenly over it, the first and the last included, and of
this release's columns, expressions and rule of what is blanked; neither name nor times of the file matter. (An edit in
place that keeps the size and touches none of those blocks goes unnoticed.)

Entries hold what the request table holds: no token, no body. They are written
under a temporary name and renamed, so an interrupted run leaves no half entry;
an entry that cannot be read is written anew. Directories have mode 0700, files
0600.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from snowpit import __version__
from snowpit.ingest.events import PART, select_events
from snowpit.ingest.redact import BLANKED, SECRET
from snowpit.model.evidence import FileCoverage

LARGE = 16 << 20
"""Bytes after decompression from which on a log is kept."""

SAMPLES = 64
SAMPLE_BYTES = 16 << 10
MANIFEST = "manifest.json"
MERGED = "merged"
"""Directory inside an entry with what merging found when it was read alone."""

_TEMPORARY = "tmp-"


class Log(NamedTuple):
    """One log with its events.

    Args:
        coverage: What was read of it.
        paths: Its part files.
        doubtful: Whether some rows of them do not count.
    """

    coverage: FileCoverage
    paths: list[Path]
    doubtful: bool


class Kept(msgspec.Struct, frozen=True):
    """One log in a manifest.

    Args:
        coverage: What was read of it; ``path`` is relative to the file on disk.
        parts: Names of its part files inside the entry, with digests of their content.
        doubtful: Whether some rows of them do not count.
    """

    coverage: FileCoverage
    parts: dict[str, str]
    doubtful: bool


class Entry(NamedTuple):
    """One entry, for the command that lists them.

    Args:
        name: Name of its directory.
        size_bytes: Bytes on disk.
        events: Events inside.
        written: Seconds since the epoch.
    """

    name: str
    size_bytes: int
    events: int
    written: float


def key(path: str, size: int) -> str | None:
    """Name of the entry for a file; null if it cannot be read.

    Args:
        path: The file.
        size: Its bytes.
    """
    digest = hashlib.blake2b(_rules() + size.to_bytes(8, "big"), digest_size=20)
    try:
        with Path(path).open("rb", buffering=0) as file:
            for index in range(SAMPLES):
                file.seek(max(0, size - SAMPLE_BYTES) * index // (SAMPLES - 1))
                digest.update(file.read(SAMPLE_BYTES))
    except OSError:
        return None
    return digest.hexdigest()


def _rules() -> bytes:
    """All that decides what a part of a file holds: another one makes all entries unknown.

    The query of the fast tier holds its columns, what it vouches for and what it blanks.
    """
    return repr((__version__, PART, select_events("''", 0), SECRET, BLANKED)).encode()


def load(entry: Path, path: str) -> list[Log] | None:
    """Logs of an entry; null if there is none or it is damaged.

    Args:
        entry: Its directory, named by :func:`key`.
        path: The file, as the user names it today.
    """
    try:
        kept = msgspec.json.decode((entry / MANIFEST).read_bytes(), type=list[Kept])
        logs = []
        for log in kept:
            log.coverage.path = path + log.coverage.path
            paths = [entry / Path(part).name for part in log.parts]
            if not all(
                _content(file) == digest for file, digest in zip(paths, log.parts.values(), strict=True)
            ):
                return None
            logs.append(Log(log.coverage, paths, log.doubtful))
    except (OSError, msgspec.MsgspecError, ValueError):
        return None
    return logs


def _content(path: Path) -> str:
    """Digest of a part; a part is some fifty times smaller than its log."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, hashlib.blake2b).hexdigest()


def save(entry: Path, path: str, logs: Sequence[Log]) -> None:
    """Keep the logs of one file; a cache that cannot be written to is not an error.

    Args:
        entry: Its directory, named by :func:`key`.
        path: The file, as the user names it.
        logs: What was read of it.
    """
    cache = entry.parent
    try:
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=_TEMPORARY, dir=cache, ignore_cleanup_errors=True) as work:
            fresh = Path(work) / "entry"
            fresh.mkdir(mode=0o700)
            kept = [_keep(fresh, log, path, index=index) for index, log in enumerate(logs)]
            _write(fresh / MANIFEST, msgspec.json.encode(kept))
            shutil.rmtree(entry, ignore_errors=True)
            fresh.rename(entry)
    except OSError:
        return


def _keep(entry: Path, log: Log, path: str, *, index: int) -> Kept:
    """Copy the parts of one log into an entry that is being made."""
    parts: dict[str, str] = {}
    for part in log.paths:
        target = entry / f"{index:06d}-{part.name}"
        shutil.copyfile(part, target)
        target.chmod(0o600)
        parts[target.name] = _content(target)
    return Kept(_relative(log.coverage, path), parts, log.doubtful)


def _relative(coverage: FileCoverage, path: str) -> FileCoverage:
    copied = msgspec.json.decode(msgspec.json.encode(coverage), type=FileCoverage)
    copied.path = coverage.path.removeprefix(path)
    return copied


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def keep_merged(entry: Path, write: Callable[[Path], None]) -> None:
    """Add to an entry what merging found in it when it was read alone; trouble with the disk is not an error.

    Args:
        entry: Its directory.
        write: Writes into an empty directory.
    """
    try:
        with tempfile.TemporaryDirectory(
            prefix=_TEMPORARY, dir=entry.parent, ignore_cleanup_errors=True
        ) as work:
            fresh = Path(work) / MERGED
            fresh.mkdir(mode=0o700)
            write(fresh)
            shutil.rmtree(entry / MERGED, ignore_errors=True)
            fresh.rename(entry / MERGED)
    except OSError:
        return


def entries(cache: Path) -> list[Entry]:
    """All entries, newest first; damaged ones have no events."""
    found = []
    for directory in cache.iterdir() if cache.is_dir() else ():
        if not directory.is_dir() or directory.name.startswith(_TEMPORARY):
            continue
        size = sum(file.stat().st_size for file in directory.rglob("*") if file.is_file())
        events = sum(log.coverage.events for log in load(directory, "") or ())
        found.append(Entry(directory.name, size, events, directory.stat().st_mtime))
    return sorted(found, key=lambda entry: (-entry.written, entry.name))


def clear(cache: Path) -> int:
    """Remove all entries, and what interrupted runs left; the number of bytes freed."""
    freed = 0
    for directory in cache.iterdir() if cache.is_dir() else ():
        if directory.is_dir() and (directory.name.startswith(_TEMPORARY) or _is_key(directory.name)):
            freed += sum(file.stat().st_size for file in directory.rglob("*") if file.is_file())
            shutil.rmtree(directory, ignore_errors=True)
    return freed


def _is_key(name: str) -> bool:
    return len(name) == 40 and all(letter in "0123456789abcdef" for letter in name)  # noqa: PLR2004
