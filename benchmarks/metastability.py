"""The thresholds, failed interventions and remedies of ``docs/explanation/metastability.md``, simulated with intervals.

    python benchmarks/metastability.py [--seeds 4] [--table NAME]...

Prints Markdown tables, a row as soon as it is known. Each row is a change of one cluster, in place from the start; the runs
begin with a restart that all clients answer, or with a long queue of look-ups that nobody waits for. ``closed form``
says whether demand exceeds the limiter at any wait.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from statistics import median
from typing import NamedTuple

from snowpit.cluster import scenario_file
from snowpit.cluster.scenario import Event, Scenario
from snowpit.forecast.closed import closed_form
from snowpit.forecast.explore.early import calm
from snowpit.forecast.tipping import critical
from snowpit.observe.outcome import Outcome, Verdict, outcome
from snowpit.observe.replications import wilson
from snowpit.simulate import simulate
from snowpit.simulate.parallel import cores

CLUSTER = """
name = "theory"
title = "2,000 clients with 100 tokens, 333 kubelets, one API server of 1.12"
horizon = "2h"
[control_plane]
version = "1.12.4"
[kubelets]
count = 333
[[scrapers]]
name = "metrics-server"
version = "0.3.1"
credential = "legacy_token"
subject = "system:serviceaccount:kube-system:metrics-server"
[[clients]]
name = "apps"
count = 2000
credential = "legacy_token"
tokens = 100
think = "exponential:20s"
patience = "30s"
retry = { steps = 1_000_000, base = "1s" }
operation = "get pods in default"
service = "lognormal:8ms:0.5"
reconnects = true
"""

AT_S = 120.0
DEEP = 20_000
"""400 s of waiting."""

Changes = Sequence[str]
NO_KUBELETS = ("kubelets.count=0",)
ONE_TOKEN = ("clients.apps.arrivals=none",)
REVIEWS_ALONE = ("clients.apps.arrivals=none", "switches.dead_work_fills_cache=false")


class Row(NamedTuple):
    """One line of a table.

    Args:
        words: What is changed.
        changes: As overrides.
        starts: ``restart`` (all clients come back within a second) or ``deep`` (a long queue).
        then: An intervention 300 s later: (action, settings).
    """

    words: str
    changes: Changes = ()
    starts: Sequence[str] = ("restart", "deep")
    then: Sequence[tuple[str, dict[str, str | int | float]]] = ()


def _deep(words: str, *changes: str) -> Row:
    return Row(words, changes, ("deep",))


def _restart(words: str, *changes: str) -> Row:
    return Row(words, changes, ("restart",))


def _after(words: str, action: str, **settings: str | float) -> Row:
    return Row(words, (), ("deep",), ((action, dict(settings)),))


TABLES: dict[str, Sequence[Row]] = {
    "reviews of one token alone": [
        _deep(
            f"{n:,} kubelets, limit {m:,}",
            *ONE_TOKEN,
            f"kubelets.count={n}",
            f"max_mutating_requests_inflight={m}",
        )
        for n in (333, 1000, 3000)
        for m in (200, 2000)
    ],
    "dead work fills no cache, reviews alone": [
        _deep(
            f"{n:,} kubelets, limit {m:,}",
            *REVIEWS_ALONE,
            f"kubelets.count={n}",
            f"max_mutating_requests_inflight={m}",
        )
        for n, m in ((250, 2000), (280, 2000), (330, 2000), (1200, 650), (1200, 700), (1200, 800))
    ],
    "many tokens, no kubelets": [
        *(
            _deep(f"{n:,} clients, 100 tokens", *NO_KUBELETS, f"clients.apps.count={n}")
            for n in (1400, 1500, 1600, 1700, 1800)
        ),
        *(_deep(f"2,000 clients, {k} tokens", *NO_KUBELETS, f"clients.apps.tokens={k}") for k in (5, 20, 50)),
        *(
            _deep(
                f"{rate} requests a second whatever happens, 200 tokens",
                *NO_KUBELETS,
                "clients.apps.arrivals=open",
                f"clients.apps.rate={rate}/s",
                "clients.apps.tokens=200",
                "clients.apps.retry.steps=1",
            )
            for rate in (40, 60, 80)
        ),
    ],
    "remedies": [
        Row("none"),
        Row("look-ups of one token shared", ("token_cache_coalesces=true",)),
        Row("informers first (1.14)", ("version=1.14.0",)),
        Row("no limiter (1.13.12)", ("version=1.13.12",)),
        Row("one read a look-up", ("lookups_legacy_live=1",)),
        Row("limiter of 75 a second", ("loopback_qps=75",)),
        Row("limiter of 100 a second", ("loopback_qps=100",)),
        Row("burst of 5,000", ("loopback_burst=5000",)),
        Row("tokens kept for 20 s", ("token_cache_success_ttl_s=20s",)),
        Row("tokens kept for 30 s", ("token_cache_success_ttl_s=30s",)),
        Row("tokens kept for 60 s", ("token_cache_success_ttl_s=60s",)),
        Row("last in, first out", ("switches.limiter_order=lifo",)),
        Row("abandoned look-ups leave the line", ("switches.cancel_abandoned=true",)),
        Row("both", ("switches.limiter_order=lifo", "switches.cancel_abandoned=true")),
        Row("scrapes spread evenly", ("scrapers.metrics-server.evenly=true",)),
        Row("limit 2,000", ("max_mutating_requests_inflight=2000",)),
        Row("metrics-server with a certificate", ("scrapers.metrics-server.credential=certificate",)),
        Row("half the clients and tokens", ("clients.apps.count=1000", "clients.apps.tokens=50")),
        Row("back-off of 30 s", ("clients.apps.retry.base=30s",)),
        Row("back-off of 60 s", ("clients.apps.retry.base=60s",)),
        Row("one API server more (of 3)", ("clients.apps.count=1500", "kubelets.count=250")),
        Row("one API server less (of 3)", ("clients.apps.count=3000", "kubelets.count=500")),
        Row("three reads a look-up", ("lookups_legacy_live=3",)),
    ],
    "interventions": [
        *(
            _restart(
                f"1,400 clients, 1,000 kubelets, limit {m:,}",
                "clients.apps.count=1400",
                "kubelets.count=1000",
                f"max_mutating_requests_inflight={m}",
            )
            for m in (200, 400, 1000, 2000)
        ),
        *(
            _deep(
                f"1,400 clients, 1,000 kubelets, limit {m:,}",
                "clients.apps.count=1400",
                "kubelets.count=1000",
                f"max_mutating_requests_inflight={m}",
            )
            for m in (200, 400, 1000, 2000)
        ),
        _after("then a restart", "restart", down_s=10.0, spread_s=1.0),
        _after("then the limit raised to 2,000", "set", key="max_mutating_requests_inflight", value=2000),
        _after("then metrics-server stopped", "stop", clients="metrics-server"),
    ],
}


def scenario_of(row: Row, start: str) -> Scenario:
    """The cluster with the change, a trigger at two minutes, and perhaps an intervention five minutes later."""
    base = scenario_file.parse(CLUSTER.encode(), place="the cluster", overrides=row.changes)
    settings: dict[str, str | int | float] = (
        {"lookups": DEEP} if start == "deep" else {"down_s": 5.0, "spread_s": 1.0}
    )
    action = "backlog" if start == "deep" else "restart"
    trigger = Event(at_s=AT_S, action=action, title=start, settings=settings, trigger=True)
    acts = tuple(Event(at_s=AT_S + 300.0, action=name, settings=told) for name, told in row.then)
    return replace(base, events=(trigger, *acts))


def played(scenario: Scenario, seed: int) -> Outcome:
    """How a run ends: calm, or failing two hours later. Nothing shorter tells a slow recovery from none."""
    return outcome(simulate(scenario, seed=seed, stop=calm(scenario)), horizon_s=scenario.horizon_s)


def ended(found: Sequence[Outcome]) -> str:
    """Runs stuck of all with the interval of their share, and the time to recovery of the others."""
    well = [one for one in found if one.verdict in (Verdict.HEALTHY, Verdict.RECOVERED)]
    stuck = len(found) - len(well)
    low, high = wilson(stuck, len(found))
    spans = sorted(one.recovered_after_s or 0.0 for one in well)
    times = f"; {median(spans):,.0f} s ({spans[0]:,.0f} to {spans[-1]:,.0f})" if spans else ""
    return f"{stuck} of {len(found)} stuck ({100 * low:.0f} to {100 * high:.0f} %){times}"


def law(scenario: Scenario) -> str:
    """What the closed form says of the cluster without its trigger."""
    closed = closed_form(replace(scenario, events=()))
    if closed.unstable_wait_s is None:
        return f"drains: at most {closed.peak_demand:,.0f} of {closed.rate:,.0f}/s"
    edge = closed.critical_backlog
    words = "diverges" if closed.unstable_wait_s == 0.0 else f"edge at {edge:,.0f} look-ups"
    return f"{words}; up to {closed.peak_demand:,.0f} of {closed.rate:,.0f}/s"


def rows(table: Sequence[Row], seeds: Sequence[int]) -> Iterator[str]:
    """Lines of a table, each as soon as its runs have ended."""
    with ThreadPoolExecutor(cores()) as pool:
        waiting = []
        for row in table:
            scenarios = {start: scenario_of(row, start) for start in row.starts}
            runs = {
                start: [pool.submit(played, scenario, seed) for seed in seeds]
                for start, scenario in scenarios.items()
            }
            waiting.append((row, next(iter(scenarios.values())), runs))
        for row, scenario, runs in waiting:
            cells = [
                ended([one.result() for one in runs[start]]) if start in runs else "-"
                for start in ("restart", "deep")
            ]
            yield f"| {row.words} | {law(scenario)} | {cells[0]} | {cells[1]} |"


def edges(seeds: Sequence[int]) -> Iterator[str]:
    """Sizes of triggers that tip the cluster: closed form against bisection."""
    for count in (1750, 2000, 3000):
        base = scenario_file.parse(
            CLUSTER.encode(), place="the cluster", overrides=(f"clients.apps.count={count}",)
        )
        for one in critical(base, closed_form(base), seeds, kinds=("backlog", "reconnects")):
            if one.simulated is None and one.beyond is None:
                continue
            found = one.simulated
            simulated = (
                "-" if found is None else f"{found.median:,.0f} ({found.low:,.0f} to {found.high:,.0f})"
            )
            beyond = "" if one.beyond is None else f", some none up to {one.beyond:,.0f}"
            closed = "-" if one.closed_form is None else f"{one.closed_form:,.0f}"
            yield f"| {count:,} clients: {one.kind} | {closed} {one.unit} | {simulated}{beyond} | |"


def main() -> None:
    """Print the tables that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--table", action="append", choices=(*TABLES, "edges"), default=[])
    asked = parser.parse_args()
    seeds = range(1, asked.seeds + 1)
    for name in asked.table or (*TABLES, "edges"):
        print(
            f"\n{name}\n\n| change | closed form | after a restart | from {DEEP:,} queued look-ups |\n|---|---|---|---|"
        )
        for line in edges(seeds) if name == "edges" else rows(TABLES[name], seeds):
            print(line)
            sys.stdout.flush()


if __name__ == "__main__":
    main()
