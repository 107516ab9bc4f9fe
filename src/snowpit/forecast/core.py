"""The forecast in full: closed forms, then simulation of the state, the edges and the remedies."""

from dataclasses import replace
from typing import NamedTuple

from snowpit.cluster.horizon import transient
from snowpit.forecast.closed import ClosedForm, closed_form
from snowpit.forecast.edges import simulated_edges
from snowpit.forecast.headroom import headroom
from snowpit.forecast.plan import plan
from snowpit.forecast.remedies import remedies
from snowpit.forecast.starts import Start, calm, deep, present, settled
from snowpit.forecast.tipping import critical
from snowpit.forecast.trials import Progress, Trial, times, trials, well
from snowpit.forecast.verdict import NOW, Ask, verdict
from snowpit.model.forecast import Critical, Forecast, Recovery, State

EDGE_SEEDS = 4
"""Seeds that the search for critical sizes uses at most; each needs a dozen runs."""


def forecast(ask: Ask, *, progress: Progress | None = None) -> Forecast:
    """State, recovery, headroom, remedies and plan of a scenario.

    Args:
        ask: What is asked.
        progress: Told how far it has come.

    Raises:
        ScenarioError: If the scenario is a published model, or cannot be simulated.
    """
    state = ask.calibration.present if ask.calibration else None
    closed = closed_form(settled(ask.scenario))
    quick = verdict(ask)
    if not ask.seeds:
        return quick
    begin = present(ask.scenario, state) if ask.start == NOW else None
    found = _simulated(ask, closed, begin, progress)
    edges = _edges(ask, closed, found.state, progress)
    rows = simulated_edges(ask.scenario, headroom(ask.scenario), ask.seeds[:EDGE_SEEDS], progress=progress)
    ranked = (
        remedies(_tipped(ask, closed, begin, found.state), closed, ask.seeds, progress=progress)
        if found.state is not State.HEALTHY
        else ()
    )
    return replace(
        quick,
        state=found.state,
        because=found.because,
        critical=edges,
        recovery=found.recovery,
        headroom=rows,
        remedies=ranked,
        plan=plan(ask.scenario, found.state, ranked, edges),
        seeds=len(ask.seeds),
        remarks=(*quick.remarks, *_differences(quick.state, found)),
    )


class Found(NamedTuple):
    """What simulation says of the state.

    Args:
        state: The state.
        because: Why.
        recovery: When it heals by itself.
    """

    state: State
    because: str
    recovery: Recovery


def _simulated(ask: Ask, closed: ClosedForm, begin: Start | None, progress: Progress | None) -> Found:
    """Three starts kept apart: at rest, from now (or after the trigger), and deep."""
    starts = {"calm": calm(ask.scenario)}
    if begin is not None:
        starts["now"] = begin
    if closed.unstable_wait_s is not None:
        starts["deep"] = deep(ask.scenario, closed)
    ended = trials(list(starts.values()), ask.seeds, what="simulating the state", progress=progress)
    by_start = dict(zip(starts, ended, strict=True))
    leading = by_start.get("now") or by_start.get("deep") or by_start["calm"]
    used = starts["now"] if "now" in starts else starts.get("deep", starts["calm"])
    recovery = Recovery(
        heals=well(leading),
        after_s=times(leading),
        horizon_s=used.scenario.horizon_s - used.now_s,
        predicted_s=transient(used.scenario),
        deep=well(by_start["deep"]) if "deep" in by_start else None,
    )
    state, because = _state(by_start, recovery)
    return Found(state, because, recovery)


def _state(ended: dict[str, tuple[Trial, ...]], recovery: Recovery) -> tuple[State, str]:
    rest = well(ended["calm"])
    if rest.value <= 0.5:  # noqa: PLR2004 - most runs
        return (
            State.OVERLOADED,
            f"Without any trigger {rest.of - rest.hits} of {rest.of} runs fail to their end.",
        )
    now = well(ended["now"]) if "now" in ended else None
    if now is not None and now.value <= 0.5:  # noqa: PLR2004
        return State.SELF_SUSTAINING, (
            f"Left alone, {now.of - now.hits} of {now.of} runs still fail {recovery.horizon_s / 60.0:,.0f} minutes later,"
            f" long after the trigger is gone; without it {rest.hits} of {rest.of} are healthy."
        )
    stuck = [share for share in (now, recovery.deep) if share is not None and share.hits < share.of]
    if stuck:
        worst = min(stuck, key=lambda share: share.value)
        return State.VULNERABLE, (
            f"At rest it is healthy in {rest.hits} of {rest.of} runs, but {worst.of - worst.hits} of {worst.of} do not come back"
            " from a large enough queue of look-ups."
        )
    return (
        State.HEALTHY,
        f"It is healthy in {rest.hits} of {rest.of} runs, and comes back from every start that was tried.",
    )


def _edges(ask: Ask, closed: ClosedForm, state: State, progress: Progress | None) -> tuple[Critical, ...]:
    """Critical sizes, where there is an edge."""
    if state in (State.HEALTHY, State.OVERLOADED) or closed.unstable_wait_s is None:
        return ()
    return critical(ask.scenario, closed, ask.seeds[:EDGE_SEEDS], progress=progress)


def _tipped(ask: Ask, closed: ClosedForm, begin: Start | None, state: State) -> Start:
    """The failing state that remedies are tried on."""
    if state is State.OVERLOADED:
        return calm(ask.scenario)
    if begin is not None and (state is State.SELF_SUSTAINING or closed.unstable_wait_s is None):
        return begin
    return deep(ask.scenario, closed)


def _differences(closed: State, found: Found) -> tuple[str, ...]:
    """Where simulation and closed forms part."""
    if closed is found.state:
        return ()
    words = (
        f"Closed forms say {closed}, simulation says {found.state}, and simulation decides:"
        " the forms take tokens out of phase and queues without end."
    )
    return (words,)
