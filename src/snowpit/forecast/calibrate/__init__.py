"""From evidence to a scenario: every value with its source and bounds, and what the evidence cannot tell.

Demand is read from the stretch in which all is well, the state and the trigger from the one in which it fails: what gets
through an overloaded server is not what is asked of it. Source of the laws: docs/explanation/calibration.md.
"""

from dataclasses import replace

from snowpit.cluster import ControlPlane
from snowpit.cluster.checks import check
from snowpit.cluster.flow_schemas import levels
from snowpit.cluster.scenario import Scenario
from snowpit.errors import EvidenceError
from snowpit.forecast.calibrate.account import Part
from snowpit.forecast.calibrate.background import background
from snowpit.forecast.calibrate.clients import clients
from snowpit.forecast.calibrate.kubelets import fleet
from snowpit.forecast.calibrate.plane import control_plane
from snowpit.forecast.calibrate.trigger import happened, present
from snowpit.model.forecast import Calibration, Estimate, Source
from snowpit.model.observation import Observed
from snowpit.model.observation.demand import Demand
from snowpit.observe.demand import SHORTEST_S

__all__ = ["calibrate"]

AFTER_S = 3000.0
"""How long the scenario goes on after its last event; an hour where nothing happens."""

HORIZON_S = 3600.0


def calibrate(
    observed: Observed, plane: ControlPlane, demand: Demand, *, name: str = "calibrated"
) -> tuple[Scenario, Calibration]:
    """A scenario that behaves as the evidence shows.

    Args:
        observed: What ``observe`` tells.
        plane: The control plane as the diagnosis knows it.
        demand: What ``observe.demand`` tells of the same evidence.
        name: Name of the scenario.

    Returns:
        The scenario, and how it was read off.

    Raises:
        EvidenceError: If the version is not told, or nobody is seen to ask anything.
    """
    servers, of_plane = control_plane(plane, observed, demand)
    nodes, of_nodes = fleet(plane, observed, demand)
    if demand.base.seconds < SHORTEST_S or not (demand.asking or nodes.kubelets.count):
        raise EvidenceError(
            "The evidence is too short, or shows too few requests, to make a scenario of.",
            "Give an audit log with some minutes of all requests (snowpit policy prints a policy for it).",
        )
    version = servers.version
    assert version is not None  # noqa: S101 - control_plane has seen to it
    scraper = nodes.scrapers[0].name if nodes.scrapers else ""
    accounts, of_accounts = clients(demand, version, scraper, nodes.subject)
    beats = (nodes.heartbeats,) if nodes.heartbeats else ()
    rest, of_rest = background(demand, nodes.heartbeats)
    state, of_state = present(observed, demand, servers.number("loopback_qps") or -1.0)
    story, of_story = happened(observed, demand, state)
    part = of_plane + _servers(demand) + of_nodes + of_accounts + of_rest + of_story + of_state
    scenario = Scenario(
        name=name,
        title="Calibrated from evidence",
        plane=servers,
        servers=demand.servers,
        clients=(*beats, *accounts, *rest, *story.clients),
        kubelets=nodes.kubelets,
        scrapers=nodes.scrapers,
        events=story.events,
        horizon_s=max([HORIZON_S, *(event.at_s + AFTER_S for event in story.events)]),
    )
    scenario = replace(scenario, levels=levels(servers))
    return check(scenario, name), Calibration(
        estimates=part.estimates, unidentified=part.unidentified, present=state
    )


def _servers(demand: Demand) -> Part:
    estimate = Estimate(
        key="servers",
        value=demand.servers,
        low=demand.servers,
        high=demand.servers,
        source=Source.MEASURED,
        reference="API servers that wrote the evidence",
        note="servers whose evidence was not given are left out, and what they are asked for",
    )
    return Part((estimate,))
