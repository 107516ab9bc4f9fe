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
    stop: Callable[[Run], bool] | None = None,
) -> Run:
    """One run of a scenario; one seed, one result.

    Args:
        scenario: The scenario.
        seed: Seed of all its chance.
        keep_requests: Called with batches of finished requests, rows in the order of ``model.request.STORED``; null
            keeps none. Published models have no requests.
        plain: Run the loop as plain Python instead of compiled: the same trace, slowly.
        stop: Given the run as far as it has come, every 30 s of simulated time, says whether that is enough; null lets
            it reach its horizon. Published models always do.

    Raises:
        ScenarioError: If the scenario names a model or parameter that is not known.
    """
    if scenario.model != CONTROL_PLANE:
        return published.run(scenario, seed=seed)
    rows = keeper(keep_requests) if keep_requests else None
    return drive.run(scenario, seed, rows=rows, plain=plain, stop=stop)
