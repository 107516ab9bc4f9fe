"""Every preset of a published model loads, runs, and ends as its title says."""

import pytest

from snowpit.cluster.scenario_file import load, presets
from snowpit.observe.outcome import Verdict, outcome
from snowpit.simulate import published

ENDS = {
    "collapse-spike-backoff": {Verdict.HEALTHY, Verdict.RECOVERED},
    "collapse-ramp": {Verdict.STUCK, Verdict.OVERLOADED},
    "collapse-ramp-backoff": {Verdict.STUCK, Verdict.OVERLOADED},
    "orbit-9.5": {Verdict.OVERLOADED},
    "orbit-7.0-erlang": {Verdict.STUCK},
    "stability-retry-storm": {Verdict.STUCK},
    "stability-gc-death-spiral": {Verdict.STUCK, Verdict.OVERLOADED},
    "stability-connection-pool": {Verdict.HEALTHY},
    "stability-cache-stampede": {Verdict.HEALTHY},
    "hidden-capacity-retry": {Verdict.STUCK},
    "hidden-capacity-cache": {Verdict.STUCK},
}

PUBLISHED = [name for name, _ in presets() if load(name).model in published.MODELS]


def test_every_model_has_a_preset() -> None:
    assert {load(name).model for name in PUBLISHED} == set(published.MODELS)
    assert set(ENDS) <= set(PUBLISHED)
    assert len(PUBLISHED) == 22


@pytest.mark.parametrize("name", PUBLISHED)
def test_preset_runs_and_ends_as_its_title_says(name: str) -> None:
    scenario = load(name)
    run = published.run(scenario, seed=1)
    assert run.samples.bins == round(scenario.horizon_s / scenario.bin_s)
    assert run.counts
    verdict = outcome(run, horizon_s=scenario.horizon_s).verdict
    assert verdict in ENDS.get(name, set(Verdict))
