"""Evidence that is asked for rather than read from a file: where from, and who asks."""

from collections.abc import Callable
from typing import NamedTuple

from snowpit.ingest.sink import Sink
from snowpit.model.evidence import FileCoverage

Extent = tuple[int, int] | None
"""First and last instant of the evidence read so far, µs since the epoch; null without any."""


class Remote(NamedTuple):
    """A source that is asked after all files were read.

    Args:
        label: What it is called in the coverage.
        kind: What it is.
        ask: Puts its rows into the sink and its account into the coverage; takes the extent of the files.
    """

    label: str
    kind: str
    ask: Callable[[Sink, FileCoverage, Extent], None]
