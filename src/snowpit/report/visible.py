"""Making hostile text harmless: what cannot be seen, or would move the cursor, is spelled out."""

import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Control, format (zero-width and bidirectional), surrogate, private, unassigned, line and paragraph separators."""


def visible(text: str) -> str:
    r"""Text of which every character can be seen: others become ``\xNN``, ``\uNNNN`` or ``\UNNNNNNNN``.

    >>> visible("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelled(char) if unicodedata.category(char) in _HIDDEN else char for char in text)


def _spelled(char: str) -> str:
    code = ord(char)
    if code <= 0xFF:  # noqa: PLR2004 - the widths of the three notations
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004


def cells(text: str) -> int:
    """Columns that a visible text takes on a terminal: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def shortened(text: str, width: int) -> str:
    """Text of at most that many columns, cut in the middle where it is longer.

    >>> shortened("system:serviceaccount:bench:sa-0001", 20)
    'system:se...:sa-0001'
    """
    keep = width
    short = text
    while cells(short) > width and keep > 0:
        head = (keep - 2) // 2
        tail = keep - 3 - head
        short = f"{text[:head]}...{text[len(text) - tail :]}" if tail > 0 else text[:keep]
        keep -= 1
    return short
