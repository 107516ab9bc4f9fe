"""Interventions ranked: simulated from the present state and from the trigger, with the same seeds for all."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from snowpit.cluster.scenario import Scenario
from snowpit.forecast.candidates import candidates
from snowpit.forecast.closed import ClosedForm
from snowpit.forecast.interventions import Intervention, patch_of
from snowpit.forecast.starts import Start, settled
from snowpit.forecast.trials import Progress, Trial, times, trials, well, with_intervention
from snowpit.knowledge.ranges import tables
from snowpit.model.forecast import Remedy, Share

MOST = 0.5
"""A remedy works if more than this share of runs recovers, and clearly more than without it."""

PREVENTION_SEEDS = 4
"""Seeds at most with which a remedy is tried as prevention."""

NOTHING = "nothing"
"""Id of doing nothing, the row that all others are compared with."""

_LATE_S = 1e9


def remedies(
    start: Start, closed: ClosedForm, seeds: Sequence[int], *, progress: Progress | None = None
) -> tuple[Remedy, ...]:
    """Every candidate for the scenario, best first; doing nothing stands among them.

    Args:
        start: The state that they are applied to.
        closed: What closed forms say.
        seeds: Seeds.
        progress: Told how far it has come.
    """
    wanted = candidates(settled(start.scenario))
    found = {ids: made for ids, made in candidates(start.scenario).items() if ids in wanted}
    now = [start, *(with_intervention(start, made) for made in found.values())]
    ended = trials(now, seeds, what="trying remedies", progress=progress)
    lasting = {ids: fixed for ids, made in found.items() if (fixed := _from_the_start(start, made))}
    before = trials(
        list(lasting.values()), seeds[:PREVENTION_SEEDS], what="trying them as prevention", progress=progress
    )
    prevents = dict(zip(lasting, before, strict=True))
    nothing, words = ended[0], _words(start.scenario, closed)
    rows = [
        _remedy(ids, trial, nothing, prevents=prevents.get(ids), words=words)
        for ids, trial in zip(found, ended[1:], strict=True)
    ]
    rows.append(_nothing(nothing))
    return tuple(sorted(rows, key=_rank))


def _from_the_start(start: Start, made: Intervention) -> Start | None:
    """The same trigger upon the cluster with the change in place; null where nothing of it lasts."""
    if made.fixed is None or made.from_start or not any(one.trigger for one in start.scenario.events):
        return None
    return start._replace(scenario=made.fixed)


def _words(scenario: Scenario, closed: ClosedForm) -> dict[str, str]:
    """What the texts of interventions leave open."""
    version = scenario.plane.version
    has = version is not None and version.at_least("1.20.0")
    return {
        "patch": patch_of(version),
        "seats_limit": f"{closed.seats_limit:,.0f}" if isfinite(closed.seats_limit) else "that many",
        "guard_effect": "Reviews wait in queues of their own; those that find no room are refused with 429."
        if has
        else "An upgrade by many minor versions; then reviews wait in queues of their own.",
        "guard_step": "Keep priority and fairness on (it is by default)."
        if has
        else "Upgrade to 1.20 or later.",
    }


def texts() -> Mapping[str, Mapping[str, Any]]:
    """What ``interventions.toml`` says, by id."""
    return {raw["id"]: raw for raw in tables("interventions.toml")["intervention"]}


def _remedy(
    ids: tuple[str, ...],
    ended: Sequence[Trial],
    nothing: Sequence[Trial],
    *,
    prevents: Sequence[Trial] | None,
    words: Mapping[str, str],
) -> Remedy:
    known = texts()
    raw = [known[one] for one in ids]
    recovers = well(ended)
    return Remedy(
        id="+".join(ids),
        title="; ".join(one["title"] for one in raw).format(**words),
        when="lasting" if any(one["when"] == "lasting" for one in raw) else "immediate",
        recovers=recovers,
        recovery_s=times(ended),
        prevents=None if prevents is None else well(prevents),
        works=_works(recovers, well(nothing)),
        side_effects=" ".join(one["side_effects"] for one in raw).format(**words),
        steps=tuple(step.format(**words) for one in raw for step in one["steps"]),
        source="; ".join(one["source"] for one in raw),
    )


def _works(recovers: Share, nothing: Share) -> bool:
    return recovers.value > MOST and recovers.value >= nothing.value


def _nothing(ended: Sequence[Trial]) -> Remedy:
    return Remedy(
        id=NOTHING,
        title="Do nothing",
        when="immediate",
        recovers=well(ended),
        recovery_s=times(ended),
        works=False,
        side_effects="It goes on as it is.",
        steps=("Wait.",),
        source="simulated",
    )


def _rank(remedy: Remedy) -> tuple[float, ...]:
    """What works first; of those what is at hand, takes the least work and is quickest; else by the share that recovers."""
    known = texts()
    effort = sum(known[one]["effort"] for one in remedy.id.split("+") if one in known)
    soon = remedy.recovery_s.median if remedy.recovery_s else _LATE_S
    if remedy.works:
        sure = round(1.0 - remedy.recovers.value, 1)
        return 0.0, sure, float(remedy.when == "lasting"), float(effort), soon
    return 1.0, -remedy.recovers.value, float(remedy.when == "lasting"), soon, float(effort)
