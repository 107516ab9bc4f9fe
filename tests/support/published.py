"""Scenarios of published models, built by hand."""

from snowpit.cluster.control_plane import build
from snowpit.cluster.scenario import Scenario
from snowpit.knowledge.facts import Value


def scenario(model: str, *, horizon_s: float, bin_s: float = 1.0, **parameters: Value) -> Scenario:
    """A scenario of a published model."""
    return Scenario(
        name=model,
        plane=build(version=None),
        model=model,
        horizon_s=horizon_s,
        bin_s=bin_s,
        parameters=parameters,
    )
