"""When a trial is decided before its horizon, and how long that horizon has to be.

A trial is *calm* if nothing failed for the settling time since its last event, so it healed. It is *hopeless* if three
times the transient that closed forms predict, and 15 minutes, have passed since the last trigger, the loopback limiter
makes a read wait for longer than the trigger's look-ups would alone, and longer than ever: the queue grows. It is hopeless
as well if reads wait long before any trigger came, at a time when a cold start is over. What is neither runs on to six
times the transient, from which on a verdict is believed (``cluster.horizon``), and to twice that if by then the wait has
fallen to half of its peak: near an edge recovery is slow, many times slower than the predicted transient.
"""

from collections.abc import Callable
from math import isfinite

from snowpit.cluster.horizon import TIMES, brought, transient
from snowpit.cluster.scenario import Scenario
from snowpit.model.sample import Run
from snowpit.observe.outcome import FAILING_SHARE, SETTLING_S, SLOW_S, reached, unwell

HOPELESS_TIMES = 3.0
LEAST_HOPELESS_S = 900.0
LEAST_S, MOST_S = 1200.0, 7200.0
"""Bounds of the time after the last trigger from which on a verdict is believed."""

PROLONGED, FALLEN = 2.0, 0.5
"""How many times longer a trial may last if the wait has fallen to this share of its peak."""

COLD_S, COLD_WAIT_S = 300.0, 10.0
"""Cold caches are warm after this time; a longer wait than this one by then is no start any more."""

LATELY_S = 60.0

Stop = Callable[[Run], bool]


def horizon(scenario: Scenario) -> float:
    """How long a trial of a scenario may last, s; its own horizon where no transient can be predicted."""
    predicted = transient(scenario)
    if predicted is None:
        return scenario.horizon_s
    last = max((event.at_s for event in scenario.events), default=0.0)
    wanted = TIMES * predicted if isfinite(predicted) else LEAST_S
    return last + PROLONGED * min(MOST_S, max(LEAST_S, wanted))


def calm(scenario: Scenario) -> Stop:
    """Stops a run once nothing has failed for the settling time since the last event."""
    last = max((event.at_s for event in scenario.events), default=0.0)

    def stop(run: Run) -> bool:
        if run.ended_s < last + SETTLING_S:
            return False
        bins = reached(run)
        first = max(0, bins - round(SETTLING_S / run.samples.bin_s))
        return (
            max(unwell(run.samples, bins)[first:], default=0.0) <= FAILING_SHARE
            and max(_waits(run)[first:bins], default=0.0) <= SLOW_S
        )

    return stop


def decided(scenario: Scenario) -> Stop:
    """Stops a run that is calm or hopeless."""
    stop, drains = calm(scenario), _draining(scenario)
    last = max((event.at_s for event in scenario.events), default=0.0)
    believed = last + (horizon(scenario) - last) / PROLONGED
    first = min((event.at_s for event in scenario.events), default=scenario.horizon_s)

    def either(run: Run) -> bool:
        bins, waits = reached(run), _waits(run)
        lately = waits[max(0, bins - round(LATELY_S / run.samples.bin_s)) : bins]
        least = min(lately, default=0.0)
        highest = max(waits[:bins], default=0.0)
        cold = COLD_S <= run.ended_s <= first and least >= COLD_WAIT_S
        grows = max(lately, default=0.0) >= highest
        late = run.ended_s >= believed and max(lately, default=0.0) > max(FALLEN * highest, SLOW_S)
        return cold or late or (grows and not drains(run.ended_s, least)) or stop(run)

    return either


def _draining(scenario: Scenario) -> Callable[[float, float], bool]:
    """Whether, at a time and with a wait, the queue of the triggers may still drain; true as long as nobody can tell."""
    triggers, predicted = [event for event in scenario.events if event.trigger], transient(scenario)
    rate = scenario.plane.number("loopback_qps") or 0.0
    lookups = scenario.plane.number("lookups_legacy_live") or 0.0
    alone = sum(brought(event, scenario, lookups) for event in triggers) / rate if rate > 0 else 0.0
    if predicted is None or not isfinite(predicted) or not alone:
        return lambda _now, _wait: True
    after = max(event.at_s for event in triggers) + max(HOPELESS_TIMES * predicted, LEAST_HOPELESS_S)
    return lambda now, wait: now < after or wait < max(alone, SLOW_S)


def _waits(run: Run) -> list[float]:
    """Longest wait at a loopback limiter by bin, s."""
    found = [by_name["throttle_wait_s"] for by_name in run.samples.servers if "throttle_wait_s" in by_name]
    return [max(values) for values in zip(*found, strict=True)]
