"""Requests of one kind as the API server's metrics count them: a hypothesis about them without any request in sight.

Metrics know neither who asks nor each request's time, but number, status and mean time by verb and resource. By
Little's law rate times mean time is the number of such requests inside the server, so the share of one kind in the
summed time is its share of the seats that are held.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.beside import APISERVER, grown, measured, places, since
from snowpit.diagnose.trouble import trouble
from snowpit.diagnose.weigh import Number, Profile, Scales, conclude
from snowpit.diagnose.words import count, percent, rate, seconds
from snowpit.model.evidence import Pointer
from snowpit.model.finding import Finding
from snowpit.model.observation import Counter, Observed

LONG = ("WATCH", "WATCHLIST", "CONNECT", "PROXY")
READS = ("GET", "LIST", "HEAD")
REFUSED, LATE = ("429",), ("504",)
MIN_COUNTED = 100
FEW_SHARE = 0.05
NOTEWORTHY = 20
SLOW_S = 0.5
QUICK_S = 0.1
MIN_SEATS = 2.0
"""Seats held on average below which nobody is kept out by them."""

REQUESTS, TIMES = "apiserver_request_total", "apiserver_request_duration_seconds"
WANTED = "who asks: an audit log of that time (snowpit policy), for metrics do not tell"


class Asked(NamedTuple):
    """Requests of one kind.

    Args:
        what: What they are, in words.
        among: All that take the same seats, in words: ``writes`` or ``reads``.
        requests: How many were answered.
        share: Part of all that take the same seats.
        held_share: Part of the summed time of those; null without times.
        per_s: Requests per second; null with one dump.
        mean_s: Mean time of one; null without times.
        refused: Answered 429.
        late: Answered 504.
        when: To what time the counts refer, in words.
        at: Where the largest counters stand.
    """

    what: str
    among: str
    requests: float
    share: float
    held_share: float | None
    per_s: float | None
    mean_s: float | None
    refused: float
    late: float
    when: str
    at: tuple[Pointer, ...]

    @property
    def seats(self) -> float | None:
        """Seats that they hold on average, by Little's law; null without rate or times."""
        return None if self.per_s is None or self.mean_s is None else self.per_s * self.mean_s

    @property
    def suffers(self) -> bool:
        """Whether they are refused, cut off or slow in number."""
        return self.refused + self.late >= NOTEWORTHY or (self.mean_s or 0.0) >= SLOW_S


def asked(
    observed: Observed, what: str, kinds: Collection[str] = (), *, verbs: Collection[str] = ()
) -> Asked | None:
    """Requests of a kind; null where metrics count next to nothing that takes the same seats.

    Args:
        observed: All observations.
        what: What they are, in words.
        kinds: Resources, as ``events`` or ``nodes/status``; all if empty.
        verbs: Verbs as metrics write them (releases differ: POST or CREATE); all writes if empty.
    """
    reads = bool(verbs) and set(verbs) <= set(READS)
    metrics = measured(observed)
    peers = [item for item in metrics.counter(REQUESTS, APISERVER) if _takes(item.labels, reads=reads)]
    own = [item for item in peers if _is(item.labels, kinds, verbs)]
    total = sum(map(grown, peers))
    if total < MIN_COUNTED:
        return None
    number, held, whole = _times(observed, kinds, verbs, reads=reads)
    timed = any(item.rate is not None for item in peers)
    return Asked(
        what=what,
        among="reads" if reads else "writes",
        requests=sum(map(grown, own)),
        share=sum(map(grown, own)) / total,
        held_share=held / whole if whole > 0.0 else None,
        per_s=sum(item.rate or 0.0 for item in own) if timed else None,
        mean_s=held / number if number else None,
        refused=_with(own, REFUSED),
        late=_with(own, LATE),
        when=since(peers),
        at=places(sorted(own, key=grown, reverse=True)),
    )


def _times(
    observed: Observed, kinds: Collection[str], verbs: Collection[str], *, reads: bool
) -> tuple[float, float, float]:
    """Number of timed requests of a kind, their summed time, and that of all that take the same seats, s."""
    number = held = whole = 0.0
    for item in measured(observed).distribution(TIMES, APISERVER):
        if _takes(item.labels, reads=reads):
            spent = item.count * (item.mean or 0.0)
            whole += spent
            if _is(item.labels, kinds, verbs):
                number, held = number + item.count, held + spent
    return number, held, whole


def _takes(labels: Mapping[str, str], *, reads: bool) -> bool:
    """Whether requests of these labels take seats of that kind."""
    verb = labels.get("verb", "")
    return bool(verb) and verb not in LONG and (verb in READS) == reads


def _is(labels: Mapping[str, str], kinds: Collection[str], verbs: Collection[str]) -> bool:
    resource, sub = labels.get("resource", ""), labels.get("subresource", "")
    named = not kinds or resource in kinds or f"{resource}/{sub}" in kinds
    return named and (not verbs or labels.get("verb") in verbs)


def _with(counters: Iterable[Counter], codes: Collection[str]) -> float:
    return sum(grown(item) for item in counters if item.labels.get("code") in codes)


def weigh_asked(scales: Scales, found: Asked | None, *, least: float) -> None:
    """Put what metrics count on the scales.

    Args:
        scales: The scales.
        found: What metrics count; null says nothing.
        least: Share from which they are a large part.
    """
    if found is None:
        return
    speed = f", {rate(found.per_s)}" if found.per_s is not None else ""
    scales.supports(
        found.share >= least and found.requests >= MIN_COUNTED,
        f"Metrics count {count(found.requests)} {found.what} {found.when}{speed}: {percent(found.share)} of all {found.among}.",
        observation="metrics.counters",
        weight=0.7,
        at=found.at,
    )
    scales.supports(
        (found.held_share or 0.0) >= least,
        f"By number times mean time ({seconds(found.mean_s)}) they make {percent(found.held_share or 0.0)} of the time that {found.among} spend in "
        "the server.",
        observation="metrics.distributions",
        weight=0.8,
    )
    scales.supports(
        found.refused + found.late >= NOTEWORTHY,
        f"{count(found.refused)} of them were answered 429 and {count(found.late)} 504.",
        observation="metrics.counters",
        weight=0.5,
        at=found.at,
    )
    small = found.share < FEW_SHARE and (found.held_share or 0.0) < FEW_SHARE
    scales.opposes(
        small,
        f"Metrics count {count(found.requests)} {found.what} {found.when}, {percent(found.share)} of all {found.among}.",
        observation="metrics.counters",
        weight=1.0 if found.per_s is not None else 0.5,
        at=found.at,
    )
    scales.opposes(
        found.mean_s is not None and found.mean_s < QUICK_S and found.refused + found.late < NOTEWORTHY,
        f"They are answered within {seconds(found.mean_s)} on average, and hardly one is refused or cut off.",
        observation="metrics.distributions",
        weight=1.0,
    )


def large(found: Asked | None, *, least: float) -> bool:
    """Whether metrics show them as a large part, by time where it is told, else by number.

    What is mostly refused holds no seats: by number alone it may as well be the victim that comes again and again.
    """
    if found is None or found.requests < MIN_COUNTED:
        return False
    if found.held_share is not None:
        return found.held_share >= least and (found.seats is None or found.seats >= MIN_SEATS)
    return found.share >= least and found.refused < found.requests / 2


def judge_asked(
    profile: Profile,
    plane: ControlPlane,
    observed: Observed,
    *,
    found: Asked | None,
    least: float,
    scales: Scales | None = None,
    missing: str = "",
    decides: bool = True,
) -> Finding | None:
    """Judge by metrics where there are too few requests to judge by; null where that does not help.

    Args:
        profile: The hypothesis.
        plane: The server.
        observed: All observations.
        found: What metrics count.
        least: Share from which they are a large part.
        scales: Scales that already hold something; null for empty ones.
        missing: What only requests could tell; empty for who asks.
        decides: Whether metrics can tell this hypothesis from its rivals; if not, it stays open.
    """
    if found is None or not trouble(observed).few:
        return None
    scales = scales or Scales()
    weigh_asked(scales, found, least=least)
    big = large(found, least=least)
    scales.misses(big or found.per_s is None, missing or WANTED)
    return conclude(
        profile,
        plane,
        scales=scales,
        present=big,
        harmful=trouble(observed).real and found.suffers,
        visible=(found.per_s is not None and not big) or (big and decides),
        claim=_claim(found),
        denial=f"Metrics count {count(found.requests)} {found.what} {found.when}, {percent(found.share)} of all {found.among}.",
        numbers=_numbers(found),
        impact=found.held_share if found.held_share is not None else found.share,
        would_change="The same figures on a server that refuses nobody.",
    )


def _claim(found: Asked) -> str:
    time = f", {seconds(found.mean_s)} each on average" if found.mean_s is not None else ""
    held = (
        f" They make {percent(found.held_share)} of the time that {found.among} spend in the server."
        if found.held_share is not None
        else ""
    )
    return (
        f"Metrics count {count(found.requests)} {found.what} {found.when}, {percent(found.share)} of all {found.among}{time}; "
        f"{count(found.refused)} were refused (429), {count(found.late)} timed out (504).{held}"
    )


def _numbers(found: Asked) -> dict[str, Number]:
    return {
        "measured_requests": round(found.requests),
        "measured_share": round(found.share, 4),
        "measured_held_share": None if found.held_share is None else round(found.held_share, 4),
        "measured_per_s": None if found.per_s is None else round(found.per_s, 2),
        "measured_mean_s": None if found.mean_s is None else round(found.mean_s, 4),
        "measured_refused": round(found.refused),
        "measured_timed_out": round(found.late),
    }
