"""Which API server wrote a log, as far as its place and name tell.

Rule: what distinguishes the logs' directories, then their base names less
compression, extension, rotation time and number, is the server. Logs that do
not differ in that (one file; ``audit.log`` beside its rotated copies) name none.
"""

import re
from collections.abc import Sequence
from itertools import takewhile

_ROTATED = re.compile(
    r"(-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(\.\d{3})?|-\d{8}|\.\d{1,10}|\.(gz|zst|bz2|xz|zip|tar|tgz|log|json|jsonl|txt|old|bak))$"
)
_SEPARATORS = re.compile(r"[/\\!]")


def base(name: str) -> str:
    """A log's name without what rotation and compression add.

    >>> base("audit-2018-12-05T23-11-19.645.log.gz")
    'audit'
    """
    while (shorter := _ROTATED.sub("", name)) != name and shorter:
        name = shorter
    return name


def _shared(rows: Sequence[Sequence[str]]) -> int:
    """How many first elements are the same in all rows."""
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, zip(*rows, strict=False)))


def distinguish(labels: Sequence[str]) -> list[str | None]:
    """The server that each log names, or nothing.

    Args:
        labels: Paths, members of archives as ``archive!member``.

    >>> distinguish(["must/m1/audit.log", "must/m2/audit.log", "must/m2/audit-2018-12-05T23-11-19.645.log"])
    ['m1', 'm2', 'm2']
    """
    split = [_SEPARATORS.split(label) for label in labels]
    places = [(*(base(part) for part in parts[:-1]), base(parts[-1])) for parts in split]
    if len(set(places)) < 2:  # noqa: PLR2004 -- nothing to tell apart
        return [None] * len(labels)
    head = _shared([place[:-1] for place in places])
    names = [place[head:-1] for place in places]
    tail = _shared([name[::-1] for name in names])
    bases = {place[-1] for place in places}
    result: list[str | None] = []
    for place, name in zip(places, names, strict=True):
        told = [part for part in name[: len(name) - tail] if part]
        if len(bases) > 1:
            told.append(place[-1])
        result.append("/".join(told) or None)
    return result
