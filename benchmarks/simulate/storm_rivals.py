"""Runs the three forms of the model and gives what each counted and what it cost.

CPU seconds are of the thread (snowpit, C++) or of the process (SimPy, started with all its modules imported) and cover
making the state, running, and sampling; compiling and starting an interpreter are left out.
"""

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from storm_scenarios import Size, storm

from snowpit.model.sample import Run
from snowpit.simulate import simulate

HERE = Path(__file__).parent
FLAGS = ("-std=c++17", "-O3", "-march=native")
POPULATIONS = {
    "apps": "apps",
    "heartbeats": "heartbeats",
    "metrics-server/tokenreviews": "reviews",
}


class Outcome(NamedTuple):
    """One run of one form.

    Args:
        cpu_s: CPU time, s.
        events: Events processed; 0 if the form does not count them.
        totals: Sums over the run by name.
    """

    cpu_s: float
    events: int
    totals: Mapping[str, float]


def build(folder: Path, *flags: str) -> tuple[Path, float]:
    """Compile the C++ form; give the program and the wall time of compiling, s."""
    program = folder / "storm"
    start = time.perf_counter()
    subprocess.run(["g++", *FLAGS, *flags, "-o", str(program), str(HERE / "storm.cpp")], check=True)
    return program, time.perf_counter() - start


def arguments(size: Size, *, seed: int, runs: int, horizon_s: float) -> list[str]:
    """Command line shared by the C++ and the SimPy form."""
    values = {**size._asdict(), "horizon": horizon_s, "seed": seed, "runs": runs}
    return [word for key, value in values.items() for word in (f"--{key}", str(value))]


def rename(totals: Mapping[str, float]) -> dict[str, float]:
    """Totals under the names that the comparison uses."""
    renamed = {}
    for name, value in totals.items():
        population, dot, measure = name.rpartition(".")
        renamed[f"{POPULATIONS.get(population, population)}{dot}{measure}"] = float(value)
    return renamed


def parse(output: str) -> list[Outcome]:
    """What a foreign form printed: one JSON object a line."""
    found = []
    for line in output.splitlines():
        record = json.loads(line)
        found.append(Outcome(record["cpu_s"], record.get("events", 0), rename(record["totals"])))
    return found


def run_cpp(program: Path, size: Size, *, seed: int, runs: int, horizon_s: float) -> list[Outcome]:
    """The C++ form."""
    command = [str(program), *arguments(size, seed=seed, runs=runs, horizon_s=horizon_s)]
    return parse(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def run_simpy(size: Size, *, seed: int, runs: int, horizon_s: float) -> list[Outcome]:
    """The SimPy form."""
    script = str(HERE / "storm_simpy.py")
    command = [sys.executable, script, *arguments(size, seed=seed, runs=runs, horizon_s=horizon_s)]
    return parse(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def totals(run: Run) -> dict[str, float]:
    """Sums over servers and bins of what snowpit sampled."""
    sums: dict[str, float] = {}
    for server in run.samples.servers:
        for name, column in server.items():
            sums[name] = sums.get(name, 0.0) + float(sum(column))
    for population, columns in run.samples.clients.items():
        sums |= {f"{population}.{name}": float(sum(column)) for name, column in columns.items()}
    return rename(sums)


def run_snowpit(size: Size, *, seed: int, runs: int, horizon_s: float) -> list[Outcome]:
    """The scenario in snowpit, in this process.

    Raises:
        RuntimeError: If an array overflowed.
    """
    scenario = storm(size, horizon_s=horizon_s)
    found = []
    for one in range(seed, seed + runs):
        start = time.thread_time()
        run = simulate(scenario, seed=one)
        cpu_s = time.thread_time() - start
        if run.overflow:
            raise RuntimeError(run.overflow)
        found.append(Outcome(cpu_s, run.events, totals(run)))
    return found


def common(groups: Sequence[Sequence[Outcome]]) -> list[str]:
    """Totals that every form counts, states left out."""
    names = set.intersection(*({*outcome.totals} for group in groups for outcome in group[:1]))
    return sorted(names - {"wasted", "timed_out", "dead_lookups"})
