"""Cases of plain load, refusals and seats: A8 to A15."""

from snowpit.cluster import scenario_file
from snowpit.cluster.by_version import heartbeats_of
from snowpit.cluster.control_plane import simulated
from snowpit.cluster.flow_schemas import levels
from snowpit.cluster.scenario import Scenario
from snowpit.forecast.cases.authentication import between, exactly, fact, runs
from snowpit.knowledge.version import Version
from snowpit.mechanism.priority_levels import nominal_seats
from snowpit.model.forecast import Interval
from snowpit.model.sample import Run

DAY_S = 86_400.0
FAIR = Version.parse("1.29.0")
HEARTBEATS_OF = Version.parse("1.7.0")


def refused(offered_per_s: float, capacity_per_s: float) -> Interval:
    """A8: share of the requests beyond a capacity."""
    return exactly(max(0.0, 1.0 - capacity_per_s / offered_per_s))


def served(offered_per_s: float, capacity_per_s: float) -> Interval:
    """A8: requests served at a capacity."""
    return exactly(min(offered_per_s, capacity_per_s))


def repeated(clients: float, window_s: float, patience_s: float, backoff_s: float) -> Interval:
    """A9: requests of clients that give up and ask again at once, without end."""
    return exactly(clients * window_s / (patience_s + backoff_s))


def heartbeats(nodes: float, days: float) -> Interval:
    """A10: writes of idle kubelets."""
    period_s = heartbeats_of(HEARTBEATS_OF, int(nodes)).think.mean_s
    return exactly(nodes * days * DAY_S / period_s)


def scrapes_by_two(nodes: float) -> Interval:
    """A11: scrapes of two replicas over those of one; simulated."""
    one = _scraped(nodes, replicas=1)
    two = _scraped(nodes, replicas=2)
    pairs = zip(runs(two), runs(one), strict=True)
    return between([_scrapes(double) / _scrapes(single) for double, single in pairs])


def _scraped(nodes: float, *, replicas: int) -> Scenario:
    text = f'horizon = "10min"\n[control_plane]\nversion = "1.19.0"\n[kubelets]\ncount = {int(nodes)}\n'
    for number in range(replicas):
        text += f'[[scrapers]]\nname = "metrics-server-{number}"\nversion = "0.3.6"\n'
    return scenario_file.parse(text.encode(), place="case A11", stem="case-a11")


def _scrapes(run: Run) -> float:
    """Calls of the scrapers themselves, without the reviews that they bring about."""
    named = run.samples.clients.items()
    return sum(
        sum(one["calls"]) for name, one in named if name.startswith("metrics-server") and "/" not in name
    )


def renewals(pods: float, lifetime_s: float, renewed_at: float) -> Interval:
    """A12: token requests of pods whose kubelets renew each token at a share of its lifetime."""
    return exactly(pods / (lifetime_s * renewed_at))


def retry_after() -> Interval:
    """A13: what a 429 tells its client."""
    return exactly(fact("retry_after_s"))


def heartbeat_time_out() -> Interval:
    """A14: limit of a heartbeat's client."""
    return exactly(fact("heartbeat_timeout_s"))


def shipped_seats(total: float, level: str) -> Interval:
    """A15: seats of a level by the shares that a current release ships."""
    shares = _shares()
    return exactly(float(nominal_seats(int(total), shares[level], sum(shares.values()))))


def seats_of(total: float, level: str, shares: float) -> Interval:
    """A15: seats of a level by another sum of shares."""
    return exactly(float(nominal_seats(int(total), _shares()[level], int(shares))))


def _shares() -> dict[str, int]:
    return {one.name: one.shares for one in levels(simulated(FAIR)) if one.shares >= 0}
