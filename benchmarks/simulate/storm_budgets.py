"""Measures the simulator against its budgets: an hour of the incident, a fleet, a map, start-up, memory.

python benchmarks/simulate/storm_budgets.py
python benchmarks/simulate/storm_budgets.py --only start memory
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from storm_scenarios import SIZES, Size, storm

from snowpit.cluster.scenario import Scenario
from snowpit.cluster.scenario_file import load
from snowpit.simulate import simulate

SIDE = 20
SEEDS = 3
CHILD = "--child"


class Spent(NamedTuple):
    """What one run took: wall and CPU time, s, and the most resident memory, MB."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def say(what: str, found: float, unit: str, limit: float) -> None:
    """One line: what was found, and the budget."""
    word = "within" if found <= limit else "OVER"
    print(f"{what:58} {found:8.2f} {unit:2}  {word} {limit:g}", flush=True)


def hour(name: str, rounds: int) -> float:
    """Median CPU time of a preset to one hour, s."""
    scenario = replace(load(name), horizon_s=3600.0)
    simulate(replace(scenario, horizon_s=1.0), seed=0)
    spent = []
    for seed in range(1, rounds + 1):
        start = time.thread_time()
        run = simulate(scenario, seed=seed)
        spent.append(time.thread_time() - start)
        if run.overflow:
            raise RuntimeError(run.overflow)
    return statistics.median(spent)


def presets() -> None:
    """An hour of the incident, and of five collapsed servers."""
    say("one hour of incident-1.12, CPU, median of 5 seeds", hour("incident-1.12", 5), "s", 1.0)
    say("one hour of fleet-1.12 (5,000 kubelets, 5 servers), CPU", hour("fleet-1.12", 3), "s", 6.0)


def crossed(base: Scenario) -> Iterable[Scenario]:
    """The incident over 20 numbers of tokens and 20 of clients."""
    for tokens in range(10, 10 + 10 * SIDE, 10):
        for clients in range(100, 100 + 140 * SIDE, 140):
            yield replace(
                base,
                clients=tuple(
                    replace(one, count=clients, tokens=replace(one.tokens, count=tokens))
                    if one.name == "apps"
                    else one
                    for one in base.clients
                ),
            )


def map_of_points() -> None:
    """A 20 x 20 map of the incident, three seeds each, on two threads."""
    base = replace(load("incident-1.12"), horizon_s=3600.0)
    simulate(replace(base, horizon_s=1.0), seed=0)
    jobs = [(scenario, seed) for scenario in crossed(base) for seed in range(SEEDS)]
    start = time.perf_counter()
    with ThreadPoolExecutor(2) as threads:
        overflows = sum(
            bool(word) for word in threads.map(lambda job: simulate(job[0], seed=job[1]).overflow, jobs)
        )
    say(
        f"map of {SIDE} x {SIDE} points, {SEEDS} seeds, 1 h each, wall",
        (time.perf_counter() - start) / 60.0,
        "m",
        5.0,
    )
    print(f"    {overflows} of {len(jobs)} runs overflowed")


def child(arguments: list[str], environment: dict[str, str] | None = None) -> Spent:
    """Run this file for one short simulation in a process of its own."""
    command = [sys.executable, __file__, CHILD, *arguments]
    start = time.perf_counter()
    output = subprocess.run(
        command, env={**os.environ, **(environment or {})}, check=True, capture_output=True, text=True
    ).stdout
    cpu_s, peak_mb = map(float, output.split())
    return Spent(time.perf_counter() - start, cpu_s, peak_mb)


def start_up() -> None:
    """The first start with empty caches of compiled code, and a later one."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"NUMBA_CACHE_DIR": folder, "XDG_CACHE_HOME": folder}
        first = child(["1000", "1400", "10"], environment)
        later = [child(["1000", "1400", "10"], environment) for _ in range(3)]
    say("first start, compiling included, CPU", first.cpu_s, "s", 20.0)
    say("later start with a run of 10 s, CPU", statistics.median(one.cpu_s for one in later), "s", 1.0)


def memory() -> None:
    """Resident memory a kubelet and a client add, over a minute of cluster time."""
    few, kubelets, clients = (
        child([str(nodes), str(people), "60"]).peak_mb
        for nodes, people in ((1000, 1400), (41000, 1400), (1000, 41400))
    )
    print(f"peak memory of 1,000 kubelets and 1,400 clients: {few:.0f} MB")
    print(f"    each kubelet adds {(kubelets - few) * 1024 * 1024 / 40000:.0f} bytes")
    print(f"    each client adds {(clients - few) * 1024 * 1024 / 40000:.0f} bytes", flush=True)


def be_child(nodes: str, clients: str, horizon_s: str) -> None:
    """One simulation; print CPU seconds and the peak of resident memory, MB, of this process since its start."""
    size = Size(int(nodes), 1, int(clients), SIZES["h1k"].tokens)
    simulate(storm(size, horizon_s=float(horizon_s)), seed=1)
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak_kb = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    print(time.process_time(), int(peak_kb) / 1024)


PARTS: dict[str, Callable[[], None]] = {
    "start": start_up,
    "presets": presets,
    "memory": memory,
    "map": map_of_points,
}


def main() -> None:
    """Measure the chosen parts."""
    if sys.argv[1:2] == [CHILD]:
        be_child(*sys.argv[2:])
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    for part in parser.parse_args().only:
        PARTS[part]()


if __name__ == "__main__":
    main()
