"""JSON as evidence holds it: strict and fast first, then forgiving."""

import json
import re
from typing import Any

import msgspec

TOKEN = re.compile(rb'"(?:[^"\\]++|\\(?s:.))*+"|[{}\[\]]')
"""A whole string or a bracket: all that is needed to find the end of a value."""

DEEPEST = 60
"""Levels of nesting that are read; what lies deeper becomes null."""

_LARGE = 4 << 20
_MOST = 1_000_000  # objects and lists; each takes about 100 bytes once decoded


class BrokenJsonError(ValueError):
    """Bytes that are no JSON value, even with mercy. Never carries them."""


def decode(data: bytes) -> Any:  # noqa: ANN401  evidence may hold any type
    """The value of a JSON text.

    Invalid UTF-8, control characters in strings, lone surrogates and deep
    nesting are forgiven. A raw NUL is not: it marks a hole in the file, and what
    stands on its two sides need not belong together.

    Args:
        data: One value, white space around it allowed.

    Returns:
        The value.

    Raises:
        BrokenJsonError: If it is none.
    """
    if len(data) > _LARGE and (data.count(b"{") + data.count(b"[") > _MOST or data.count(b",") > 4 * _MOST):
        raise BrokenJsonError("too many members")
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return _loose(data)


def _loose(data: bytes) -> Any:  # noqa: ANN401  as above
    if b"\0" in data:
        raise BrokenJsonError
    try:
        return json.loads(shallow(data).decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        raise BrokenJsonError from None


def value_end(data: bytes, start: int = 0, end: int | None = None) -> int | None:
    """Where the object or array that begins at ``start`` ends; null if it does not.

    Args:
        data: Bytes.
        start: Index of the opening bracket.
        end: Index beyond which nothing belongs to it.
    """
    depth = 0
    for token in TOKEN.finditer(data, start, len(data) if end is None else end):
        sign = data[token.start()]
        if sign in b"{[":
            depth += 1
        elif sign in b"}]":
            depth -= 1
            if depth <= 0:
                return token.end()
    return None


def shallow(data: bytes) -> bytes:
    """The same text with null for everything nested deeper than :data:`DEEPEST`."""
    if data.count(b"{") + data.count(b"[") <= DEEPEST:
        return data
    kept: list[bytes] = []
    depth = copied = 0
    for token in TOKEN.finditer(data):
        sign = data[token.start()]
        if sign in b"{[":
            depth += 1
            if depth == DEEPEST + 1:
                kept.append(data[copied : token.start()])
        elif sign in b"}]":
            if depth == DEEPEST + 1:
                kept.append(b"null")
                copied = token.end()
            depth -= 1
    kept.append(data[copied:] if depth <= DEEPEST else b"")
    return b"".join(kept)
