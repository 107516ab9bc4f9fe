"""Simulates a control plane, or a published model, from a scenario and a seed."""

from collections.abc import Callable
from typing import Any

from snowpit.cluster.scenario import CONTROL_PLANE, Scenario
from snowpit.model.sample import Run
from snowpit.simulate import drive, published
from snowpit.simulate.rows import keeper

__all__ = ["simulate"]


def simulate(
    scenario: Scenario,
    *,
    seed: int,
    keep_requests: Callable[[list[tuple[Any, ...]]], None] | None = None,
    plain: bool = False,
) -> Run:
    """One run of a scenario; one seed, one result.

    Args:
        scenario: The scenario.
        seed: Seed of all its chance.
        keep_requests: Called with batches of finished requests, rows in the order of ``model.request.STORED``; null
            keeps none. Published models have no requests.
        plain: Run the loop as plain Python instead of compiled: the same trace, slowly.

    Raises:
        ScenarioError: If the scenario names a model or parameter that is not known.
    """
    if scenario.model != CONTROL_PLANE:
        return published.run(scenario, seed=seed)
    return drive.run(scenario, seed, rows=keeper(keep_requests) if keep_requests else None, plain=plain)
