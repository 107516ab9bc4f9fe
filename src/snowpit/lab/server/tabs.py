"""Rows of cells aligned in columns, as Go's text/tabwriter does it with a least width of 8 and a padding of 1."""

from collections.abc import Iterable, Sequence
from itertools import groupby

LEAST, PADDING = 8, 1


def aligned(rows: Iterable[Sequence[str]]) -> bytes:
    r"""The rows in text: all cells but the last of a row end with a comma and are filled up to the width of their column.

    >>> aligned([("Name", "Index"), ("leader-election", "0")])
    b'Name,            Index\nleader-election, 0\n'
    """
    kept = list(rows)
    lines: list[str] = []
    for _, block in groupby(kept, key=len):
        same = [[f"{cell}," for cell in row[:-1]] + [row[-1]] for row in block]
        widths = [max(LEAST, PADDING + max(map(len, column))) for column in zip(*same, strict=True)]
        for row in same:
            filled = (cell.ljust(width) for cell, width in zip(row[:-1], widths[:-1], strict=True))
            lines.append("".join(filled) + row[-1])
    return ("\n".join(lines) + "\n").encode()
