"""The verdict at once: what closed forms say of a scenario, without any simulation."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from snowpit.cluster.scenario import Scenario
from snowpit.forecast.closed import UNITS, ClosedForm, closed_form, closed_sizes
from snowpit.forecast.plan import plan
from snowpit.forecast.starts import settled
from snowpit.model.forecast import Calibration, Critical, Forecast, State

NOW, REST = "now", "healthy"
STARTS = (NOW, REST)
"""Whether the present (or what the scenario's triggers lead to) is judged, or a healthy start."""


class Ask(NamedTuple):
    """What is asked.

    Args:
        scenario: The scenario.
        start: One of ``STARTS``.
        seeds: Seeds; none: closed forms only.
        calibration: How the scenario was read off evidence; null if it was given.
    """

    scenario: Scenario
    start: str = NOW
    seeds: Sequence[int] = ()
    calibration: Calibration | None = None


def verdict(ask: Ask) -> Forecast:
    """What closed forms say, at once: nothing is simulated.

    Raises:
        ScenarioError: If the scenario is a published model.
    """
    closed = _seen(ask)
    sizes = closed_sizes(closed) if closed.state in (State.VULNERABLE, State.SELF_SUSTAINING) else {}
    edges = tuple(Critical(kind=kind, unit=UNITS[kind], closed_form=size) for kind, size in sizes.items())
    return Forecast(
        name=ask.scenario.name,
        start=ask.start,
        state=closed.state,
        because=closed.because,
        closed_form_state=closed.state,
        capacity=closed.rate,
        demand=closed.healthy_demand,
        peak_demand=closed.peak_demand,
        curve=closed.curve,
        unstable_wait_s=closed.unstable_wait_s,
        stable_wait_s=closed.stable_wait_s,
        critical=edges,
        plan=plan(ask.scenario, closed.state, (), edges),
        calibration=ask.calibration,
    )


def _seen(ask: Ask) -> ClosedForm:
    """Closed forms, with their verdict on the present if that is asked."""
    if ask.start != NOW:
        return closed_form(settled(ask.scenario))
    state = ask.calibration.present if ask.calibration else None
    kicks = replace(settled(ask.scenario), events=ask.scenario.events)
    return closed_form(kicks, present=state, now=True)
