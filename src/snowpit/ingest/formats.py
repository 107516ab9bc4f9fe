"""What can be read beside audit logs: one row a shape, and who reads it."""

from collections.abc import Callable
from typing import NamedTuple

from snowpit.ingest import configuration, logs, metrics
from snowpit.ingest.sink import Sink
from snowpit.ingest.stream import Reader
from snowpit.model.evidence import FileCoverage


class Format(NamedTuple):
    """A kind of evidence.

    Args:
        recognise: The name of the kind that the first 64 KiB of a stream show, for the coverage; null if another.
        read: Reads the rest of the stream into the sink and accounts for every line and byte in the coverage
            (``bytes``, ``lines``, and of each one of ``event``, ``empty``, ``other`` or ``rejected``).
    """

    recognise: Callable[[bytes], str | None]
    read: Callable[[Reader, Sink, FileCoverage], None]


FORMATS: tuple[Format, ...] = (
    Format(logs.recognise, logs.read),
    Format(metrics.api.recognise, metrics.api.read),
    Format(metrics.text.recognise, metrics.text.read),
    Format(configuration.dump, configuration.read_dump),
    Format(configuration.manifest, configuration.read_manifests),
    Format(configuration.commands, configuration.read_commands),
)
"""Asked in this order; what none of them recognises is left to the reader of audit logs."""


def format_of(head: bytes) -> tuple[Format, str] | None:
    """The format of a stream that starts so and the name of its kind; null if it may be an audit log."""
    for candidate in FORMATS:
        if (name := candidate.recognise(head)) is not None:
            return candidate, name
    return None
