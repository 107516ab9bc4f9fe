"""The forecast in full: closed forms, then simulation of the state, the edges and the remedies."""

from collections.abc import Mapping
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
from snowpit.forecast.trials import Progress, times, trials, well
from snowpit.forecast.verdict import NOW, Ask, verdict
from snowpit.model.forecast import Critical, Forecast, Recovery, Share, State

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
        remedies(found.tipped, closed, ask.seeds, progress=progress)
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
        tipped: The failing state that remedies are tried on.
    """

    state: State
    because: str
    recovery: Recovery
    tipped: Start


def _simulated(ask: Ask, closed: ClosedForm, begin: Start | None, progress: Progress | None) -> Found:
    """Three starts kept apart: at rest, from now (or after the trigger), and deep."""
    starts = {"calm": calm(ask.scenario)}
    if begin is not None:
        starts["now"] = begin
    if closed.unstable_wait_s is not None:
        starts["deep"] = deep(ask.scenario, closed)
    ended = trials(list(starts.values()), ask.seeds, what="simulating the state", progress=progress)
    shares = {name: well(found) for name, found in zip(starts, ended, strict=True)}
    state, because = _state(shares, failing=_fails(ask))
    name = _worst(shares, state)
    times_of = dict(zip(starts, ended, strict=True))
    used = (
        name
        if state is State.SELF_SUSTAINING
        else next(one for one in ("now", "deep", "calm") if one in starts)
    )
    recovery = Recovery(
        heals=shares[used],
        after_s=times(times_of[used]),
        horizon_s=starts[used].scenario.horizon_s - starts[used].now_s,
        predicted_s=transient(starts[used].scenario),
        deep=shares.get("deep"),
    )
    return Found(state, because, recovery, starts[name])


def _fails(ask: Ask) -> bool:
    """Whether evidence shows that requests fail at its end."""
    return bool(ask.start == NOW and ask.calibration and ask.calibration.present.failing)


def _worst(shares: Mapping[str, Share], state: State) -> str:
    """The start that fails: after the trigger if most runs fail after it, else the deep one."""
    if state is State.OVERLOADED:
        return "calm"
    stuck = "now" in shares and not _most(shares["now"])
    order = ("now", "deep", "calm") if stuck else ("deep", "now", "calm")
    return next(name for name in order if name in shares)


def _most(share: Share) -> bool:
    return 2 * share.hits > share.of


def _state(shares: Mapping[str, Share], *, failing: bool) -> tuple[State, str]:
    rest, now, deep_ = shares["calm"], shares.get("now"), shares.get("deep")
    if not _most(rest):
        return (
            State.OVERLOADED,
            f"Without any trigger {rest.of - rest.hits} of {rest.of} runs fail to their end.",
        )
    if now is not None and not _most(now):
        return State.SELF_SUSTAINING, (
            f"Left alone, {now.of - now.hits} of {now.of} runs fail to their end, long after the trigger is gone;"
            f" without it {rest.hits} of {rest.of} are healthy."
        )
    if failing and deep_ is not None and not _most(deep_):
        return State.SELF_SUSTAINING, (
            "Requests fail at the end of the evidence, and from a long queue of look-ups"
            f" {deep_.of - deep_.hits} of {deep_.of} runs do not come back by themselves."
        )
    stuck = [share for share in (now, deep_) if share is not None and share.hits < share.of]
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


def _differences(closed: State, found: Found) -> tuple[str, ...]:
    """Where simulation and closed forms part."""
    if closed is found.state:
        return ()
    words = (
        f"Closed forms say {closed}, simulation says {found.state}, and simulation decides:"
        " the forms take tokens out of phase and queues without end."
    )
    return (words,)
