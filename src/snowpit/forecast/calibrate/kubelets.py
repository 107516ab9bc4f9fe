"""Kubelets with their heartbeats and caches."""

from dataclasses import replace
from typing import Any, NamedTuple

from snowpit.cluster import ControlPlane
from snowpit.cluster.by_version import heartbeats_of, kubelets_of
from snowpit.cluster.workload import Clients, Delay, Kubelets, Scraper
from snowpit.errors import FactError
from snowpit.forecast.calibrate.account import Part, chance, of_service, service
from snowpit.forecast.calibrate.scrapers import scraper_of
from snowpit.knowledge.version import Version
from snowpit.model.forecast import Estimate, Source, Unidentified
from snowpit.model.observation import Observed
from snowpit.model.observation.demand import Asking, Demand, Rounds

CLOSE = 0.15
"""A period of heartbeats that is no further from the version's own is taken for it."""

WAITED_S = 0.1
"""Reviews that usually take longer waited for their look-ups: that is not the time of their handler."""

TTLS = {
    "kubelet_review_cache_ok_s": "ok_ttl_s",
    "kubelet_review_cache_false_s": "failed_ttl_s",
    "kubelet_access_allowed_s": "allowed_ttl_s",
}
"""Parameters that the configuration of kubelets tells -> fields."""

NO_NODES = Unidentified(
    "Kubelets: no node is in the evidence.",
    "An audit policy that keeps requests of system:nodes (snowpit policy > policy.yaml), or kubectl get nodes -o json > nodes.json.",
)


class Fleet(NamedTuple):
    """Kubelets and what goes with them.

    Args:
        kubelets: The kubelets.
        heartbeats: Their heartbeats; null without nodes.
        scrapers: Who scrapes them.
        subject: Whose token the scraper shows; empty if not known.
    """

    kubelets: Kubelets
    heartbeats: Clients | None
    scrapers: tuple[Scraper, ...]
    subject: str


def fleet(plane: ControlPlane, observed: Observed, demand: Demand) -> tuple[Fleet, Part]:
    """Kubelets, heartbeats and scrapers.

    Args:
        plane: Parameters of the API servers, those of the configuration of kubelets among them.
        observed: Observations; configuration and versions of nodes are read from it.
        demand: What calibration measures.
    """
    version = _version(observed, plane)
    base = kubelets_of(version)
    count, of_count = _count(observed, demand)
    if not count:
        return Fleet(base, None, (), ""), Part(unidentified=(NO_NODES,))
    kubelets, part = _times(replace(base, count=count), plane, demand.rounds)
    beats, of_beats = _heartbeats(heartbeats_of(version, count), demand)
    scraper, subject, of_scraper = scraper_of(version, count, observed, demand=demand)
    whole = Part((_of_version(version, observed), of_count)) + part + of_beats + of_scraper
    return Fleet(kubelets, beats, (scraper,) if scraper else (), subject), whole


def _version(observed: Observed, plane: ControlPlane) -> Version:
    """The version that most kubelets have; that of the API servers if none is told."""
    ranked = sorted(observed.hints.client_versions, key=lambda item: -item[1])
    for text, _ in ranked[:1]:
        try:
            return Version.parse(text)
        except FactError:
            break
    return plane.version or Version(1, 12)


def _of_version(version: Version, observed: Observed) -> Estimate:
    told = bool(observed.hints.client_versions)
    return Estimate(
        key="kubelets.version",
        value=str(version),
        source=Source.MEASURED if told else Source.ASSUMED,
        reference="user agents of kubelets" if told else "as the API servers",
    )


def _count(observed: Observed, demand: Demand) -> tuple[int, Estimate]:
    listed = observed.configuration.nodes if observed.configuration else None
    count = max(demand.nodes, listed.count if listed else 0)
    by_list = listed is not None and listed.count >= demand.nodes
    estimate = Estimate(
        key="kubelets.count",
        value=count,
        low=demand.nodes or count,
        high=count,
        unit="nodes",
        source=Source.MEASURED,
        reference=str(listed.pointer) if listed and by_list else "distinct nodes among users",
        note="" if demand.servers > 1 or by_list else "of the API servers whose log was read",
    )
    return count, estimate


def _times(kubelets: Kubelets, plane: ControlPlane, rounds: Rounds | None) -> tuple[Kubelets, Part]:
    """Caches as configured, and times of the handlers of reviews as measured."""
    estimates = []
    for name, field in TTLS.items():
        value = plane.values.get(name)
        if value is not None and value.source == "observed":
            changed: dict[str, Any] = {field: float(value.value)}
            kubelets = replace(kubelets, **changed)
            key = f"kubelets.{field.removesuffix('_s')}"
            estimates.append(
                Estimate(
                    key=key, value=float(value.value), unit="s", source=Source.FLAG, reference=value.reference
                )
            )
    if rounds is not None and rounds.review is not None and rounds.review.median < WAITED_S:
        took = service(rounds.review)
        kubelets = replace(kubelets, review_service=took)
        estimates.append(
            of_service("kubelets.review_service", rounds.review, took, "TokenReviews while calm")
        )
    if rounds is not None and rounds.access is not None:
        took = service(rounds.access)
        kubelets = replace(kubelets, access_service=took)
        estimates.append(
            of_service("kubelets.access_service", rounds.access, took, "SubjectAccessReviews while calm")
        )
    return kubelets, Part(tuple(estimates))


def _heartbeats(base: Clients, demand: Demand) -> tuple[Clients, Part]:
    """Heartbeats of the version, with period and handler time as measured."""
    beat = base.operation
    seen = [
        one
        for one in demand.asking
        if one.kind == "node"
        and (one.verb, one.group, one.resource, one.subresource)
        == (beat.verb, beat.group, beat.resource, beat.subresource)
    ]
    usual = base.think.mean_s
    if not seen:
        return base, Part(
            (_period(usual, (usual, usual), Source.VERSION_DEFAULT, "not in the audit log while calm"),)
        )
    one = seen[0]
    took = service(one.sojourn) if one.sojourn else beat.service
    cycle, bounds = _cycle(one, demand, took.mean_s)
    own = abs(cycle / usual - 1.0) > CLOSE
    period = round(cycle, 2) if own else usual
    made = replace(base, think=Delay(mean_s=period), operation=replace(beat, service=took))
    low, high = min(bounds[0], period), max(bounds[1], period)
    part = Part(
        (
            _period(
                period, (low, high), Source.MEASURED, f"{one.attempts:,} heartbeats of {one.users:,} nodes"
            ),
        )
    )
    if one.sojourn:
        part += Part((of_service("clients.heartbeats.service", one.sojourn, took, "audit log, while calm"),))
    return made, part


def _cycle(one: Asking, demand: Demand, took: float) -> tuple[float, tuple[float, float]]:
    whole = one.users * demand.base.seconds
    low, high = chance(one.attempts)
    return whole / one.attempts - took, (whole / high - took, whole / max(low, 1.0) - took)


def _period(value: float, bounds: tuple[float, float], source: Source, reference: str) -> Estimate:
    return Estimate(
        key="clients.heartbeats.think",
        value=value,
        low=bounds[0],
        high=bounds[1],
        unit="s",
        source=source,
        reference=reference,
    )
