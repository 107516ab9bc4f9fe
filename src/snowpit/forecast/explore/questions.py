"""What is asked of a scenario at one point with one seed. An answer is a flat record of figures and words.

A question is named by a word, so that a job can be sent to another machine and kept in a journal.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import isfinite
from typing import NamedTuple

from snowpit.cluster.horizon import token_clients
from snowpit.cluster.scenario import Scenario
from snowpit.forecast.closed import ClosedForm, closed_form
from snowpit.forecast.explore.axes import Settings
from snowpit.forecast.explore.early import calm
from snowpit.forecast.explore.kicks import Trial, critical, deep, kicked, own, tried
from snowpit.forecast.explore.names import main_clients
from snowpit.model.forecast import State
from snowpit.model.sample import Run
from snowpit.observe.outcome import Outcome, Verdict, outcome, reached
from snowpit.simulate import simulate

Answer = Mapping[str, float | str | None]

CLEARLY = 0.7
"""Largest demand over capacity up to which closed forms alone say that no bad state exists."""

CLEARLY_OVER = 1.25
"""Healthy demand over capacity from which on they alone say that it is overloaded."""

END_S = 60.0
"""Length of the window that figures of the end are means over."""

FIRST_GUESS, GUESS_TIMES = 500.0, 3.0
"""Where the search for an edge begins: the fluid law knows nothing of tokens in phase, so it lies low."""


class Job(NamedTuple):
    """One question about one point with one seed.

    Args:
        scenario: The scenario at the point.
        at: What was set to get there.
        seed: Seed.
        question: One of ``QUESTIONS``.
    """

    scenario: Scenario
    at: Settings
    seed: int
    question: str


def answered(job: Job) -> Answer:
    """The answer to a job: a pure function of it, wherever it runs."""
    return QUESTIONS[job.question](job.scenario, job.seed)


def ending(scenario: Scenario, seed: int) -> Answer:
    """How the scenario as it stands ends; a run that is calm after its last event ends early."""
    run = simulate(scenario, seed=seed, stop=calm(scenario))
    found = outcome(run, horizon_s=scenario.horizon_s)
    return {**_verdict(found), **_end(run, scenario)}


def state(scenario: Scenario, seed: int) -> Answer:
    """The state of a point: by closed form where that is clear, else by its own trigger and by a deep start."""
    closed = closed_form(scenario)
    if closed.state is State.OVERLOADED and closed.healthy_demand >= CLEARLY_OVER * closed.rate:
        return _state(State.OVERLOADED, "closed form", closed)
    mine = tried(own(scenario), seed)
    if mine.fails:
        starts_well = closed.state is not State.OVERLOADED
        kind = State.SELF_SUSTAINING if starts_well else State.OVERLOADED
        return {**_state(kind, "simulation", closed), **_verdict(mine.outcome)}
    if closed.peak_demand <= CLEARLY * closed.rate:
        return {**_state(State.HEALTHY, "closed form", closed), **_verdict(mine.outcome)}
    fails = tried(kicked(scenario, deep(scenario)), seed).fails
    kind = State.VULNERABLE if fails else State.HEALTHY
    return {**_state(kind, "simulation", closed), **_verdict(mine.outcome)}


def state_and_edge(scenario: Scenario, seed: int) -> Answer:
    """The state, and the smallest kick that tips the point where one does."""
    found = state(scenario, seed)
    if found["state"] not in (State.VULNERABLE, State.SELF_SUSTAINING):
        return {**found, "critical_lookups": None}
    if found["verdict"] == Verdict.OVERLOADED:
        return {**found, "critical_lookups": 1.0}  # it tips at its start already
    return {**found, "critical_lookups": _finite(edge(scenario, seed))}


def edge(scenario: Scenario, seed: int) -> float:
    """The smallest kick that tips a scenario, in look-ups; infinite if a deep start heals."""
    closed = closed_form(scenario)
    fluid = closed.critical_backlog
    guess = FIRST_GUESS if fluid is None else GUESS_TIMES * fluid + closed.burst
    return critical(scenario, seed, guess=guess, most=deep(scenario))


def branches(scenario: Scenario, seed: int) -> Answer:
    """The healthy branch, the branch after a deep start, and the edge between them."""
    calm_, kicked_ = (
        tried(replace(scenario, events=()), seed),
        tried(kicked(scenario, deep(scenario)), seed),
    )
    between = kicked_.fails and not calm_.fails
    return {
        **_branch("healthy", calm_, scenario),
        **_branch("kicked", kicked_, scenario),
        "critical_lookups": _finite(edge(scenario, seed)) if between else None,
    }


def responses(scenario: Scenario, seed: int) -> Answer:
    """What a sensitivity is computed of: the smallest kick that tips, and the time to recover from the own trigger."""
    closed = closed_form(scenario)
    most = deep(scenario)
    if closed.state is State.OVERLOADED:
        size = 1.0
    elif closed.peak_demand <= CLEARLY * closed.rate:
        size = float(most)
    else:
        size = min(edge(scenario, seed), float(most))
    mine = tried(own(scenario), seed)
    took = mine.outcome.recovered_after_s or 0.0
    return {
        "critical_lookups": size,
        "recovery_s": scenario.horizon_s if mine.fails else min(took, scenario.horizon_s),
        "verdict": None if mine.outcome.verdict is None else mine.outcome.verdict.value,
    }


QUESTIONS: Mapping[str, Callable[[Scenario, int], Answer]] = {
    "ending": ending,
    "state": state,
    "state_and_edge": state_and_edge,
    "branches": branches,
    "responses": responses,
}


def _verdict(found: Outcome) -> Answer:
    return {
        "verdict": None if found.verdict is None else found.verdict.value,
        "recovered_after_s": found.recovered_after_s,
        "failing_share": found.failing_share,
        "worst_share": found.worst_share,
    }


def _state(kind: State, by: str, closed: ClosedForm) -> Answer:
    return {
        "state": kind.value,
        "by": by,
        "closed_form_state": closed.state.value,
        "closed_form_edge_lookups": closed.critical_backlog,
        "healthy_demand_per_s": _finite(closed.healthy_demand),
        "verdict": None,
        "recovered_after_s": None,
        "failing_share": None,
        "worst_share": None,
    }


def _branch(name: str, trial: Trial, scenario: Scenario) -> Answer:
    found = {f"{name}_{key}": value for key, value in _end(trial.run, scenario).items()}
    return {**found, f"{name}_fails": float(trial.fails)}


def _end(run: Run, scenario: Scenario) -> Answer:
    """Means over the end of a run: look-ups waiting, wait, and good answers of the main clients."""
    samples, bins = run.samples, reached(run)
    last = slice(max(0, bins - round(END_S / samples.bin_s)), bins)
    waiting = [by_name["backlog"][last] for by_name in samples.servers if "backlog" in by_name]
    waits = [by_name["throttle_wait_s"][last] for by_name in samples.servers if "throttle_wait_s" in by_name]
    main = samples.clients.get(main_clients(scenario).name, {}) if token_clients(scenario) else {}
    good = main.get("goodput", [])[last]
    return {
        "backlog": _mean([sum(values) for values in zip(*waiting, strict=True)]),
        "wait_s": _mean([max(values) for values in zip(*waits, strict=True)]),
        "goodput_per_s": None if not good else sum(good) / len(good) / samples.bin_s,
    }


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
