"""Scenarios simulated and written as an audit log, and what a calibration should find in it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from snowpit.cluster.by_version import HEARTBEATS
from snowpit.cluster.scale import scaled
from snowpit.cluster.scenario import Scenario
from snowpit.cluster.scenario_file import load
from snowpit.cluster.workload import Clients
from snowpit.forecast.calibrate.background import LEAST_PER_S
from snowpit.model.forecast import Calibration
from snowpit.model.request import STORED
from snowpit.simulate import simulate
from support import audit_writer

SERVICE_ACCOUNTS = ("legacy_token", "bound_token")
NAMES = tuple(column.name for column in STORED)


def small(name: str, *, minutes: int = 15, tenth: bool = True) -> Scenario:
    """A preset of a tenth of its size over some minutes."""
    found = load(name, overrides=[f"horizon={minutes}m"])
    return scaled(found, 0.1) if tenth else found


def audit_log(scenario: Scenario, seed: int, folder: Path) -> Path:
    """Simulate one seed and leave its requests in a folder as kube-apiserver would have written them; one below for each server."""
    rows: list[dict[str, object]] = []

    def keep(batch: Sequence[tuple[object, ...]]) -> None:
        rows.extend(
            {name: value for name, value in zip(NAMES, row, strict=True) if value is not None}
            for row in batch
        )

    simulate(scenario, seed=seed, keep_requests=keep)
    for server in sorted({str(row["server"]) for row in rows}):
        below = folder / server
        below.mkdir()
        own = [row for row in rows if row["server"] == server]
        (below / "audit.log").write_text(audit_writer.log(own, received=False))
    return folder


def truth(scenario: Scenario) -> Iterator[tuple[str, float]]:
    """Keys of estimates and the values that the scenario has there, as far as an audit log can show them."""
    yield "servers", float(scenario.servers)
    yield "kubelets.count", float(scenario.kubelets.count)
    yield "kubelets.review_service", scenario.kubelets.review_service.mean_s
    yield "kubelets.access_service", scenario.kubelets.access_service.mean_s
    for scraper in scenario.scrapers:
        yield f"scrapers.{scraper.name}.period", scraper.period_s
        yield f"scrapers.{scraper.name}.spread", scraper.spread_s
    for one in scenario.clients:
        yield from _population(one)


def _population(one: Clients) -> Iterator[tuple[str, float]]:
    if one.arrivals == "none":
        return
    key = f"clients.{called(one)}"
    if one.name == HEARTBEATS or one.tokens.credential in SERVICE_ACCOUNTS:
        yield f"{key}.think", one.think.mean_s
    elif rate(one) >= LEAST_PER_S:
        yield f"{key}.rate", rate(one)
    if one.tokens.credential in SERVICE_ACCOUNTS:
        yield f"{key}.count", float(one.count)
        yield f"{key}.patience", one.patience.mean_s
        yield f"{key}.tokens.count", float(one.tokens.count)
    yield f"{key}.service", one.operation.service.mean_s


def called(one: Clients) -> str:
    """The name that a calibration gives to a population."""
    if one.name == HEARTBEATS:
        return one.name
    if one.tokens.credential in SERVICE_ACCOUNTS:
        return "serviceaccounts"
    who = "nodes" if one.user.startswith("system:node:") else one.user.rpartition(":")[2]
    what = f"{who}-{one.operation.verb}-{one.operation.resource}"
    return (what + (f"-{one.operation.subresource}" if one.operation.subresource else ""))[:41].strip("-")


def rate(one: Clients) -> float:
    """Requests a second of a population while all is well."""
    if one.arrivals == "open":
        return one.rate_per_s
    return one.count / (one.think.mean_s + one.operation.service.mean_s)


def held(found: Calibration, expected: Iterator[tuple[str, float]]) -> list[tuple[str, float, bool]]:
    """Which values lie within their stated bounds; a value that was not estimated does not."""
    by_key = {one.key: one for one in found.estimates}
    told = []
    for key, value in expected:
        one = by_key.get(key)
        inside = (
            one is not None and one.low is not None and one.high is not None and one.low <= value <= one.high
        )
        told.append((key, value, inside))
    return told
