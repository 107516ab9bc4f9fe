"""A scenario in a few lines, and what to bear in mind of it."""

from collections.abc import Iterator
from dataclasses import fields

from snowpit.cluster.scenario import CONTROL_PLANE, Scenario, Switches
from snowpit.cluster.workload import Clients, Scraper
from snowpit.report.figures import count, plural, rate, seconds

MOST = 6
_SOURCES = ("flag", "scenario")
_SWITCHES = {
    "dead_work_fills_cache": "an abandoned look-up fills no cache when it succeeds",
    "cancel_abandoned": "an abandoned look-up gives its reservation back",
    "limiter_order": "the loopback limiter serves in another order than first in, first out",
    "refuse_hopeless": "a look-up that would wait too long fails at once",
    "heartbeats_exact": "idle heartbeats are counted without events of their own",
}
"""What each switch of ``Switches`` means where it is not as Kubernetes does it."""


def summary(scenario: Scenario) -> tuple[str, ...]:
    """Title, servers and load, a line each."""
    named = f"{scenario.name}: {scenario.title}" if scenario.title else scenario.name
    if scenario.model != CONTROL_PLANE:
        given = ", ".join(f"{name} {value}" for name, value in scenario.parameters.items())
        return (named, f"Published model {scenario.model}" + (f": {given}" if given else ""))
    return (named, _servers(scenario), _load(scenario))


def _servers(scenario: Scenario) -> str:
    plane = scenario.plane
    version = f"kube-apiserver {plane.version}" if plane.version else "kube-apiserver of unknown version"
    parts = [f"{plural(scenario.servers, 'server')} {version}"]
    if scenario.levels:
        parts.append(f"{plural(len(scenario.levels), 'priority level')}")
    parts.append(
        f"seats {count(plane.limit('readonly'))} read-only, {count(plane.limit('mutating'))} mutating"
    )
    qps = plane.number("loopback_qps")
    if qps is not None:
        limited = f"{rate(qps)} look-ups a second, burst {count(plane.number('loopback_burst') or 0)}"
        parts.append(f"loopback limiter {limited}" if qps > 0 else "no loopback limiter")
    return "; ".join(parts)


def _load(scenario: Scenario) -> str:
    parts = [f"{count(scenario.kubelets.count)} kubelets"] if scenario.kubelets.count else []
    parts += [_scraper(item) for item in scenario.scrapers]
    ranked = sorted(scenario.clients, key=lambda item: -item.count)
    parts += [_clients(item) for item in ranked[:MOST]]
    if len(ranked) > MOST:
        parts.append(f"{plural(len(ranked) - MOST, 'more population')}")
    return "; ".join(parts) or "no load"


def _scraper(item: Scraper) -> str:
    return f"{item.name} scrapes them every {seconds(item.period_s)} ({_credential(item.tokens.credential)})"


def _clients(item: Clients) -> str:
    tokens = f", {plural(item.tokens.count, 'token')}" if "token" in item.tokens.credential else ""
    pace = {
        "open": f"{rate(item.rate_per_s)} calls a second",
        "closed": f"a call every {seconds(item.think.mean_s)}",
        "none": "only when asked",
    }[item.arrivals]
    who = f"{count(item.count)} x {item.name}" if item.count != 1 else item.name
    return f"{who} ({_credential(item.tokens.credential)}{tokens}, {pace})"


def _credential(kind: str) -> str:
    return kind.replace("_", " ")


def caveats(scenario: Scenario) -> tuple[str, ...]:
    """What was changed by hand, simplified or switched on, and what a simulation cannot say."""
    return tuple(_caveats(scenario))


def _caveats(scenario: Scenario) -> Iterator[str]:
    given = [
        f"{name} = {item.value}"
        for name, item in scenario.plane.values.items()
        if item.source in _SOURCES and name != "version"
    ]
    if given:
        yield f"Not as the version has it: {', '.join(given)}."
    usual = Switches()
    for item in fields(Switches):
        if getattr(scenario.switches, item.name) != getattr(usual, item.name):
            yield f"What if: {_SWITCHES.get(item.name, item.name)} ({item.name} = {getattr(scenario.switches, item.name)})."
