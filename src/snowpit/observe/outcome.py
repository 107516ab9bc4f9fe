"""How a simulated run ended: healthy, recovered, stuck to its horizon, or overloaded without a trigger.

A bin *fails* if any of these holds:

* refusals (429) and time-outs (504, or the client's patience over) are more than 1 % of the attempts sent;
* calls given up are more than 1 % of the calls that ended, over populations that succeed at least once in
  the run (a client whose credential is refused for good says nothing about load);
* a read reserved at the loopback limiter of any API server at the end of the bin would wait above 1 s.

A failing bin without another one within the settling time is taken for chance and left out (bins of up to 30 s).
The settling time is 180 s, long enough for kubelets that keep a failed review for 120 s to ask again, but at most a
tenth of the horizon. A run fails *to the horizon* if a bin within the settling time before its end fails.

What ends within 30 s of a trigger, or of the start with its cold caches, was absorbed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from snowpit.model.sample import Marker, Run, Samples

FAILING_SHARE = 0.01
SLOW_S = 1.0
ABSORBED_S = 30.0
SETTLING_S = 180.0
SETTLING_SHARE = 0.1


class Verdict(StrEnum):
    """How a run ended."""

    HEALTHY = "healthy"
    RECOVERED = "recovered"
    STUCK = "stuck"
    OVERLOADED = "overloaded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one run ended.

    Args:
        verdict: Healthy, recovered, stuck (after a trigger) or overloaded (before or without one); null if the
            run has no bins, as closed models have none.
        recovered_after_s: From the last trigger before the last failing bin to the end of that bin; from the
            first failing bin where no trigger came before. Null unless recovered.
        recovered_after_intervention_s: Likewise from the last intervention before that bin; null without one.
        failing_share: Share of failing bins, from the first trigger (or the start) on.
        worst_share: Largest share of unwell attempts or calls in a bin.
        diverged: What outgrew its bound; empty if nothing did. Such a run counts as failing to the horizon.
    """

    verdict: Verdict | None
    recovered_after_s: float | None = None
    recovered_after_intervention_s: float | None = None
    failing_share: float = 0.0
    worst_share: float = 0.0
    diverged: str = ""


def outcome(run: Run, *, horizon_s: float) -> Outcome:
    """How a run ended.

    Args:
        run: The run.
        horizon_s: How long it was meant to last, s.
    """
    bins = reached(run)
    if not bins and not run.overflow:
        return Outcome(verdict=None)
    settling = min(SETTLING_S, SETTLING_SHARE * horizon_s)
    shares = unwell(run.samples, bins)
    failing = _together(_failing(run.samples, shares), run.samples.bin_s, settling)
    verdict = _verdict(run, failing, horizon_s=horizon_s, settling=settling)
    since = min((marker.at_s for marker in happened(run) if marker.trigger), default=0.0)
    later = [place for place in failing if (place + 1) * run.samples.bin_s > since]
    span = max(1, bins - int(since / run.samples.bin_s))
    ended = verdict is Verdict.RECOVERED
    return Outcome(
        verdict=verdict,
        recovered_after_s=_clock(run, failing, trigger=True) if ended else None,
        recovered_after_intervention_s=_clock(run, failing, trigger=False) if ended else None,
        failing_share=len(later) / span,
        worst_share=max(shares, default=0.0),
        diverged=run.overflow,
    )


def happened(run: Run) -> tuple[Marker, ...]:
    """Events that the run lived to see."""
    return tuple(marker for marker in run.markers if marker.at_s < run.ended_s)


def reached(run: Run) -> int:
    """Bins that the run filled; fewer than planned if it overflowed."""
    samples = run.samples
    if not samples.bins or samples.bin_s <= 0 or run.ended_s <= 0:
        return 0
    return min(samples.bins, -int(-run.ended_s // samples.bin_s))


def unwell(samples: Samples, bins: int) -> list[float]:
    """Share of unwell attempts, or of calls given up if larger, by bin; at most 1."""
    attempts, bad, ended, failed = ([0.0] * bins for _ in range(4))
    for by_name in samples.clients.values():
        _add(attempts, by_name.get("attempts", ()))
        _add(bad, by_name.get("refusals", ()))
        _add(bad, by_name.get("timeouts", ()))
        if any(by_name.get("goodput", ())):
            _add(ended, by_name.get("goodput", ()))
            _add(ended, by_name.get("failed", ()))
            _add(failed, by_name.get("failed", ()))
    pairs = zip(attempts, bad, ended, failed, strict=True)
    return [min(1.0, max(_ratio(some, all_), _ratio(lost, whole))) for all_, some, whole, lost in pairs]


def _add(total: list[float], more: Sequence[float]) -> None:
    for place, value in enumerate(more[: len(total)]):
        total[place] += value


def _ratio(part: float, whole: float) -> float:
    """Share; attempts may end in a later bin than they began, so a part without a whole is all of it."""
    if part <= 0:
        return 0.0
    return part / whole if whole > 0 else 1.0


def _failing(samples: Samples, shares: Sequence[float]) -> list[int]:
    """Places of failing bins, chance included."""
    waits = [by_name.get("throttle_wait_s", ()) for by_name in samples.servers]
    return [
        place
        for place, share in enumerate(shares)
        if share > FAILING_SHARE or any(wait[place] > SLOW_S for wait in waits if place < len(wait))
    ]


def _together(failing: Sequence[int], bin_s: float, settling: float) -> list[int]:
    """Failing bins that have another one near; all of them where bins are wide."""
    if bin_s > ABSORBED_S:
        return list(failing)
    near = settling / bin_s
    kept = []
    for number, place in enumerate(failing):
        before = number > 0 and place - failing[number - 1] <= near
        after = number + 1 < len(failing) and failing[number + 1] - place <= near
        if before or after:
            kept.append(place)
    return kept


def _verdict(run: Run, failing: Sequence[int], *, horizon_s: float, settling: float) -> Verdict:
    bin_s = run.samples.bin_s
    triggers = [marker.at_s for marker in happened(run) if marker.trigger]
    to_the_end = bool(failing) and (failing[-1] + 1) * bin_s > horizon_s - settling
    if run.overflow or to_the_end:
        warm = _warm(failing, bin_s) or failing
        begin = _stretch(warm, settling / bin_s) * bin_s if warm else run.ended_s
        return Verdict.STUCK if any(at < begin + bin_s for at in triggers) else Verdict.OVERLOADED
    calm = all(_absorbed(place, bin_s, (0.0, *triggers)) for place in failing)
    return Verdict.HEALTHY if calm else Verdict.RECOVERED


def _warm(failing: Sequence[int], bin_s: float) -> list[int]:
    """Failing bins without those of a cold start that was absorbed: an unbroken run that is over after 30 s."""
    end = 0
    while end < len(failing) and failing[end] - failing[0] == end:
        end += 1
    cold = end and failing[end - 1] * bin_s < ABSORBED_S
    return list(failing[end:] if cold else failing)


def _stretch(failing: Sequence[int], gap: float) -> int:
    """First bin of the last stretch of failing bins that lie no further apart than ``gap``."""
    first = failing[-1]
    for place in reversed(failing):
        if first - place > gap:
            break
        first = place
    return first


def _absorbed(place: int, bin_s: float, triggers: Sequence[float]) -> bool:
    """Whether a bin begins within the time that counts as absorbing a trigger."""
    low = place * bin_s
    return any(at - bin_s < low < at + ABSORBED_S for at in triggers)


def _clock(run: Run, failing: Sequence[int], *, trigger: bool) -> float | None:
    """Time from the last marker of a kind before the last failing bin to the end of that bin."""
    bin_s = run.samples.bin_s
    end = (failing[-1] + 1) * bin_s
    before = [
        marker.at_s for marker in happened(run) if _counts(marker, trigger=trigger) and marker.at_s < end
    ]
    if before:
        return end - before[-1]
    return end - failing[0] * bin_s if trigger else None


def _counts(marker: Marker, *, trigger: bool) -> bool:
    return marker.trigger is trigger
