"""What lines of logs say, asked by kind in the way in which detectors ask."""

from collections import Counter
from dataclasses import dataclass

from snowpit.diagnose.beside import APISERVER
from snowpit.diagnose.weigh import Scales
from snowpit.model.evidence import Pointer
from snowpit.model.observation import LimitedClient, Observed


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Lines of one kind.

    Args:
        count: How many.
        longest_s: Longest duration that one tells.
        subjects: What they are about, most frequent first, with the number of lines.
        components: Who wrote them, most first.
        first: Instant of the first, µs since the epoch; null if not known.
        at: Where some of them stand.
    """

    count: int = 0
    longest_s: float | None = None
    subjects: tuple[tuple[str, int], ...] = ()
    components: tuple[str, ...] = ()
    first: int | None = None
    at: tuple[Pointer, ...] = ()


def lines(
    observed: Observed, kind: str, component: str = "", *, subject: str = "", other_than: str = ""
) -> Told:
    """Lines of a kind.

    Args:
        observed: All observations.
        kind: A name of ``model.log_line.KINDS``.
        component: Who wrote them; of every component if empty.
        subject: What their subject has to hold; of every subject if empty.
        other_than: Component whose lines are left out.
    """
    groups = [
        item
        for item in (observed.logs.of(kind, component) if observed.logs else ())
        if item.component != other_than or not other_than
        if subject in item.subject
    ]
    waits = [item.max_s for item in groups if item.max_s is not None]
    by_component: Counter[str] = Counter()
    by_subject: Counter[str] = Counter()
    for item in groups:
        by_component[item.component] += item.lines
        by_subject[item.subject] += item.lines
    return Told(
        count=sum(by_subject.values()),
        longest_s=max(waits, default=None),
        subjects=tuple((name, number) for name, number in by_subject.most_common(10) if name),
        components=tuple(name for name, _ in by_component.most_common(5) if name),
        first=min((item.first_at for item in groups), default=None),
        at=tuple(pointer for item in groups for pointer in item.pointers[:1])[:3],
    )


def weigh_lines(scales: Scales, told: Told, text: str, *, weight: float, least: int = 1) -> None:
    """Put lines of logs on the side of a hypothesis, if there are enough of them."""
    scales.supports(told.count >= least, text, observation="logs", weight=weight, at=told.at)


def writes_log(observed: Observed, component: str) -> bool:
    """Whether lines of that component's log are there that mean something."""
    return observed.logs is not None and component in observed.logs.components


def starts(observed: Observed, component: str) -> int:
    """Most starts of one process of that component, as its own log tells them."""
    lives = observed.logs.lifetimes if observed.logs else ()
    return max((len(item.starts) for item in lives if item.component == component), default=0)


def loopback_waits(observed: Observed) -> LimitedClient | None:
    """Waits of the API server at its own loopback client; null if none was logged."""
    limited = observed.logs.limited if observed.logs else ()
    return next((item for item in limited if item.component == APISERVER), None)
