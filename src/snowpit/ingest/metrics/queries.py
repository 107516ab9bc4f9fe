"""Queries for the families that are looked at, under every name a release may give them."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from snowpit.knowledge import metrics as knowledge

KEPT = ("job", "instance")
"""Labels that tell processes apart."""

_PARTS = {"_bucket": ("le",), "_sum": (), "_count": ()}


class Query(NamedTuple):
    """One query and what its answer is.

    Args:
        name: Name of the series as exposed, which an answer to a sum does not repeat.
        family: The same without the ending of a part.
        form: Type of the family.
        text: PromQL.
    """

    name: str
    family: str
    form: str
    text: str


def names() -> tuple[str, ...]:
    """Every name that may be asked for, parts of histograms included."""
    return tuple(sorted({query.name for query in _all(step=1)}))


def queries(exposed: Iterable[str], step: int) -> tuple[Query, ...]:
    """Queries for what a server has.

    A former name is asked for only where the server does not have the one of today.

    Args:
        exposed: Names that the server knows.
        step: Seconds between points.
    """
    known = frozenset(exposed)
    return tuple(query for query in _all(step=step, known=known) if query.name in known)


def _all(*, step: int, known: frozenset[str] = frozenset()) -> Iterator[Query]:
    for item in knowledge.series():
        today = {item.name, f"{item.name}_count"} & known
        former = () if today else knowledge.former(item.name)
        for family in (item.name, *(rename.old for rename in former)):
            by = (*KEPT, *item.by, *_former_labels(item.by))
            if item.kind != "histogram":
                yield Query(family, family, item.kind, _text(family, by, step if item.kind == "gauge" else 0))
                continue
            for ending, more in _PARTS.items():
                yield Query(
                    f"{family}{ending}", family, "histogram", _text(f"{family}{ending}", (*by, *more), 0)
                )
            yield Query(family, family, "summary", f"max by ({', '.join((*by, 'quantile'))}) ({family})")


def _former_labels(by: Iterable[str]) -> tuple[str, ...]:
    kept = frozenset(by)
    return tuple(old for old, new in knowledge.labels().items() if new in kept)


def _text(name: str, by: Iterable[str], step: int) -> str:
    """A sum over labels that do not matter; of a gauge the largest value since the point before."""
    inner = f"max_over_time({name}[{step}s])" if step else name
    return f"sum by ({', '.join(by)}) ({inner})"
