"""Simulated runs made up by hand: courses of a few numbers per bin, for tests of what is said of them."""

from collections.abc import Mapping, Sequence

from snowpit.cluster import build
from snowpit.cluster.scenario import Event, Scenario
from snowpit.cluster.workload import Clients, Kubelets, Scraper, Tokens
from snowpit.knowledge.version import Version
from snowpit.model.sample import CLIENT_MEASURES, SERVER_MEASURES, Marker, Run, Samples

BIN_S = 10.0
BURST_AT_S = 600.0
HORIZON_S = 3600.0
BURST = Marker(at_s=BURST_AT_S, title="burst of 1,000 calls", trigger=True)


def run(
    failing: Sequence[float] = (),
    *,
    seed: int = 1,
    markers: tuple[Marker, ...] = (BURST,),
    horizon_s: float = HORIZON_S,
    bin_s: float = BIN_S,
    wait: Mapping[int, float] | None = None,
    overflow: str = "",
    ended_s: float | None = None,
) -> Run:
    """A run of 100 calls a second of which some share is refused.

    Args:
        failing: Share of refused attempts by bin; bins beyond have none.
        seed: Its seed.
        markers: What happened.
        horizon_s: Its length.
        bin_s: Width of a bin.
        wait: Limiter wait at the end of some bins, s.
        overflow: What outgrew its bound.
        ended_s: Time reached; the horizon unless given.
    """
    bins = round(horizon_s / bin_s)
    shares = [*failing[:bins], *([0.0] * (bins - len(failing)))]
    waits = [(wait or {}).get(place, 0.0) for place in range(bins)]
    return Run(
        seed=seed,
        ended_s=horizon_s if ended_s is None else ended_s,
        overflow=overflow,
        samples=Samples(
            bin_s=bin_s, bins=bins, servers=(_server(shares, waits, bin_s),), clients=_clients(shares, bin_s)
        ),
        markers=markers,
        events=1000,
        counts={"peak_backlog": max(waits, default=0.0) * 50.0},
    )


def between(first_s: float, last_s: float, *, share: float = 0.5, bin_s: float = BIN_S) -> list[float]:
    """Shares by bin that are ``share`` from one instant to another and zero before."""
    return [share if first_s <= place * bin_s < last_s else 0.0 for place in range(int(last_s / bin_s))]


def _server(shares: Sequence[float], waits: Sequence[float], bin_s: float) -> dict[str, list[float]]:
    found = {measure.name: [0.0] * len(shares) for measure in SERVER_MEASURES}
    found["throttle_wait_s"] = list(waits)
    found["backlog"] = [50.0 * wait for wait in waits]
    found["offered"] = [100.0 * bin_s for _ in shares]
    found["rejected"] = [100.0 * bin_s * share for share in shares]
    found["seats_mutating"] = [5.0 + 195.0 * share for share in shares]
    return found


def _clients(shares: Sequence[float], bin_s: float) -> dict[str, dict[str, list[float]]]:
    found = {measure.name: [0.0] * len(shares) for measure in CLIENT_MEASURES}
    calls = 100.0 * bin_s
    found |= {
        "calls": [calls for _ in shares],
        "attempts": [calls for _ in shares],
        "goodput": [calls * (1.0 - share) for share in shares],
        "refusals": [calls * share for share in shares],
        "failed": [calls * share for share in shares],
        "sojourn_s": [0.01 * calls * (1.0 - share) for share in shares],
    }
    quiet = ("metrics-server", "metrics-server/tokenreviews")
    nothing = {who: {measure.name: [0.0] * len(shares) for measure in CLIENT_MEASURES} for who in quiet}
    return {"apps": found, **nothing}


def scenario(**changes: object) -> Scenario:
    """A scenario that such a run could come from."""
    apps = Clients(name="apps", count=1400, tokens=Tokens(count=100))
    return Scenario(
        **{
            "name": "made-up",
            "title": "A burst on a 1.12 cluster",
            "plane": build(version=Version.parse("1.12.4"), version_source="flag"),
            "clients": (apps,),
            "kubelets": Kubelets(count=1000),
            "scrapers": (Scraper(name="metrics-server"),),
            "events": (
                Event(
                    at_s=BURST_AT_S,
                    action="burst",
                    title="burst of 1,000 calls",
                    settings={"clients": "apps", "requests": 1000},
                    trigger=True,
                ),
            ),
            **changes,
        }  # type: ignore[arg-type]
    )
