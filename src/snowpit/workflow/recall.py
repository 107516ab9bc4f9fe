"""Observations kept beside the parsed evidence, so that the same question on the same files answers at once.

They are kept only where all evidence lies in the cache of parsed logs, inside the entry of the first file: clearing the
cache clears them too. Their name is a digest of the files, of the question and of the rules that made them; like the rest
of the cache they hold no token and no body. What cannot be read is made anew.
"""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

from snowpit import __version__
from snowpit.ingest.cache import key
from snowpit.model.observation import Observed

_RULES = ("observe", "model", "model/observation")
"""Folders of the package whose files decide what is observed."""


def place(paths: Sequence[str], shelf: Path | None, question: Sequence[str]) -> Path | None:
    """Where the observations of a question would be kept; null if some evidence is not in the cache.

    Args:
        paths: Evidence as the user named it.
        shelf: The cache of parsed logs; null for none.
        question: Window, filter and version, in a fixed order.
    """
    entries = [_entry(path, shelf) for path in paths] if shelf else []
    known = [entry for entry in entries if entry]
    if not known or len(known) < len(entries):
        return None
    text = "\0".join((__version__, _rules(), *paths, *(entry.name for entry in known), *question))
    return (
        known[0]
        / f"observed-{hashlib.blake2b(text.encode('utf-8', 'surrogateescape'), digest_size=16).hexdigest()}.json"
    )


def recalled(kept: Path | None) -> Observed | None:
    """The observations kept there; null if there are none, or none that can be read."""
    try:
        return msgspec.json.decode(kept.read_bytes(), type=Observed) if kept else None
    except (OSError, msgspec.MsgspecError, ValueError):
        return None


def keep(kept: Path | None, observed: Observed) -> None:
    """Keep observations, whole or not at all; a disk that is full or read-only is no failure."""
    if kept is None:
        return
    try:
        handle, name = tempfile.mkstemp(prefix="tmp-", dir=kept.parent)
        with os.fdopen(handle, "wb") as target:
            target.write(msgspec.json.encode(observed))
        Path(name).replace(kept)
    except OSError:
        return


def _entry(path: str, shelf: Path | None) -> Path | None:
    """The cache entry of a file; null if it has none."""
    try:
        name = key(path, os.stat(path).st_size) if shelf and os.path.isfile(path) else None  # noqa: PTH116, PTH113
    except OSError:
        return None
    entry = shelf / name if shelf and name else None
    return entry if entry and entry.is_dir() else None


@cache
def _rules() -> str:
    """Digest of the code that observes: a release in the making must not answer with what it said before."""
    found = hashlib.blake2b(digest_size=16)
    for folder in _RULES:
        for item in sorted(files("snowpit").joinpath(folder).iterdir(), key=lambda item: item.name):
            if item.name.endswith(".py"):
                found.update(item.read_bytes())
    return found.hexdigest()
