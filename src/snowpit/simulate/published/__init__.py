"""Published models of overload that snowpit reproduces, and the closed forms behind them.

None of them is a control plane: they show that the simulator's parts give the figures that others printed.
"""

from collections.abc import Mapping
from typing import Protocol

from snowpit.cluster import units
from snowpit.cluster.scenario import Scenario
from snowpit.errors import ScenarioError
from snowpit.model.sample import Run
from snowpit.simulate.published import backoff, collapse, fluid, orbit, stability


class Model(Protocol):
    """What runs a scenario of one published model."""

    def __call__(self, scenario: Scenario, *, seed: int) -> Run:
        """One run."""
        ...


MODELS: Mapping[str, Model] = {
    "backoff": backoff.run,
    "collapse": collapse.run,
    "fluid": fluid.run,
    "orbit": orbit.run,
    "stability": stability.run,
}
"""Models by the name that a scenario gives under ``model``."""


def run(scenario: Scenario, *, seed: int) -> Run:
    """One run of the published model that the scenario names.

    Args:
        scenario: With ``model`` in ``MODELS``.
        seed: Seed; the analytic figures in ``counts`` do not depend on it.

    Raises:
        ScenarioError: If the model or one of its parameters is not known.
    """
    if scenario.model not in MODELS:
        raise ScenarioError(
            f"There is no published model {units.shown(scenario.model)}.",
            f"Models: {', '.join(sorted(MODELS))}.",
        )
    return MODELS[scenario.model](scenario, seed=seed)
