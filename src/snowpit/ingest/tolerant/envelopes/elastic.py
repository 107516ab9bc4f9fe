"""Elastic, Filebeat, Fluentd, Fluent Bit, Loki, Splunk, container runtimes: objects that hold a line or its decoded form."""

from typing import Any

from snowpit.ingest.tolerant.envelopes.common import Opened, at, named
from snowpit.ingest.tolerant.kinds import Hints

_DEEP = (
    ("_source",),
    ("kubernetes", "audit"),
    ("json",),
    ("audit",),
    ("event", "original"),
    ("event",),
    ("result",),
    ("jsonPayload",),
    ("textPayload",),
    ("attributes",),
    ("body",),
    ("fields",),
    ("data",),
)
_PLAIN = ("message", "log", "line", "_raw", "msg", "@message", "content")
_LISTS = (
    "items",
    "records",
    "Records",
    "entries",
    "hits",
    "value",
    "values",
    "result",
    "results",
    "rows",
    "logs",
)


def open_line(value: dict[str, Any], hints: Hints) -> Opened:
    """The line, or its decoded form, inside the object of a log shipper.

    Args:
        value: The decoded object.
        hints: What outer envelopes know.

    Yields:
        Texts and objects to be read in turn.
    """
    hints = named(
        hints,
        value.get("logStreamName"),
        at(value, "kubernetes", "host"),
        at(value, "kubernetes", "node", "name"),
        at(value, "host", "name"),
        value.get("hostname"),
        value.get("host"),
    )
    for path in _DEEP:
        inner = at(value, *path)
        if isinstance(inner, dict | str):
            yield inner, hints
    for key in _PLAIN:
        if isinstance(value.get(key), dict | str):
            yield value[key], hints


def open_list(value: dict[str, Any], hints: Hints) -> Opened:
    """The members of a batch, whatever its key is called.

    Args:
        value: The decoded object.
        hints: What outer envelopes know.

    Yields:
        Its members; for Loki the line of each pair of time and line.
    """
    for key in _LISTS:
        inner = value.get(key)
        if isinstance(inner, dict) and key == "hits":
            inner = inner.get("hits")
        for member in inner if isinstance(inner, list) else ():
            yield member, hints
    streams = at(value, "data", "result")
    for member in streams if isinstance(streams, list) else ():
        yield member, hints
