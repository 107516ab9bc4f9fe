"""The stability-sim examples: parameters, one run, and its figures. How they work: ``stability_play``."""

from math import inf

from snowpit.cluster.scenario import Scenario
from snowpit.mechanism.queueing import require, require_positive
from snowpit.model.sample import Marker, Run
from snowpit.simulate.published.settings import one_of, settings
from snowpit.simulate.published.stability_examples import BALANCING, EXAMPLES, LOAD_LAWS, TRIGGERS, Example
from snowpit.simulate.published.stability_play import CALL, RELIEF, TRIGGER, Play, play
from snowpit.simulate.published.tally import Tally

STUCK_SHARE = 0.5
END_S = 10.0
"""A run is stuck if fewer calls than this share of those begun succeed in so many seconds before its end."""


def _model(scenario: Scenario) -> Example:
    """Parameters of the example that the scenario names, checked."""
    name = scenario.parameters.get("example", "retry-storm")
    one_of("example", str(name), tuple(EXAMPLES))
    model = settings(scenario, EXAMPLES[str(name)])
    one_of("balancing", model.balancing, BALANCING)
    one_of("load_law", model.load_law, LOAD_LAWS)
    one_of("trigger", model.trigger, TRIGGERS)
    require_positive(
        rate_per_s=model.rate_per_s, timeout_s=model.timeout_s, stations=model.stations, slots=model.slots
    )
    require(
        ramp_up_s=model.ramp_up_s,
        keys=model.keys,
        queue_limit=model.queue_limit,
        service_s=model.service_s,
        trigger_at_s=model.trigger_at_s,
        trigger_for_s=model.trigger_for_s,
    )
    return model


def run(scenario: Scenario, *, seed: int) -> Run:
    """One run of a stability example.

    Args:
        scenario: Parameters as in ``Example``; horizon 60 s and bins of 1 s as published.
        seed: Seed.

    Returns:
        Series, and ``calls_per_s_at_end``, ``successes_per_s_before`` (the trigger), ``successes_per_s_at_end``,
        ``retries_per_s_at_end`` over the last 10 s, and whether the run is ``stuck`` then.
    """
    model = _model(scenario)
    state = Play(model, scenario, seed)
    triggered = model.trigger != "none"
    if triggered:
        state.plan(model.trigger_at_s, TRIGGER)
        state.plan(model.trigger_at_s + model.trigger_for_s, RELIEF)
    state.plan(state.gap(0.0), CALL)
    play(state, scenario.horizon_s)
    marker = Marker(at_s=model.trigger_at_s, title=model.trigger, trigger=True)
    return Run(
        seed=seed,
        ended_s=scenario.horizon_s,
        overflow="",
        samples=state.tally.samples(),
        markers=(marker,) if triggered else (),
        events=state.planned,
        counts=_counts(state.tally, scenario.horizon_s, model.trigger_at_s if triggered else inf),
    )


def _counts(tally: Tally, horizon: float, trigger: float) -> dict[str, float]:
    start = max(0.0, horizon - END_S)
    begun, well = tally.rate("calls", start), tally.rate("goodput", start)
    return {
        "calls_per_s_at_end": begun,
        "successes_per_s_before": tally.rate("goodput", 0.0, trigger),
        "successes_per_s_at_end": well,
        "retries_per_s_at_end": tally.rate("attempts", start) - begun,
        "stuck": float(well < STUCK_SHARE * begun),
    }
