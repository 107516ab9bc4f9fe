"""Rehearses the founding incident in full on virtual time: the course, and each thing that was or could be tried.

For each it prints how lab and simulator say that it ended, processor time and peak memory of the lab, and the size of its
evidence. A course of an hour takes minutes to tens of minutes:

    python benchmarks/lab/full_scale.py --horizon 1h incident-1.12 incident-1.12-certificate
"""

import argparse
import multiprocessing
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from snowpit.cluster.scenario_file import load
from snowpit.lab.conduct.in_memory import EPOCH, rehearse
from snowpit.observe.outcome import Verdict, outcome
from snowpit.workflow.simulation import study as simulated

NAME = "incident-1.12"
TRIED = (
    "no-burst",
    "restart",
    "raised-limit",
    "lowered-limit",
    "certificate",
    "static-token",
    "upgrade-1.14",
    "upgrade-1.17",
)
MEGA = 1_000_000


@dataclass(frozen=True, slots=True)
class Cost:
    """What one course came to.

    Args:
        lab: How it ended in the lab.
        simulator: How it ended in the simulator.
        requests: Audited events.
        cpu_s: Processor time of the lab, s.
        wall_s: Duration, s.
        memory_mb: Peak memory of the lab's process, MB.
        evidence_mb: Size of the evidence, MB.
    """

    lab: Verdict | None
    simulator: Verdict | None
    requests: int
    cpu_s: float
    wall_s: float
    memory_mb: float
    evidence_mb: float


def rehearsed(name: str, horizon: str) -> Cost:
    """Rehearse and simulate one scenario."""
    scenario = load(name, overrides=(f"horizon={horizon}",))
    cpu, wall = time.process_time(), time.perf_counter()
    with TemporaryDirectory(prefix="snowpit-full-") as spare:
        folder = Path(spare)
        found = rehearse(scenario, seed=1, folder=folder, epoch=EPOCH)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        audited = sum(_lines(path) for path in folder.rglob("audit*.log"))
    return Cost(
        lab=outcome(found, horizon_s=scenario.horizon_s).verdict,
        simulator=simulated(scenario, [1]).outcomes[0].verdict,
        requests=audited,
        cpu_s=cpu,
        wall_s=wall,
        memory_mb=memory / MEGA,
        evidence_mb=size / MEGA,
    )


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))


def main() -> None:
    """Print a line for each scenario; each has a process of its own, so that its memory is its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("scenarios", nargs="*", default=[NAME, *(f"{NAME}-{one}" for one in TRIED)])
    parser.add_argument("--horizon", default="1h")
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(given.workers, mp_context=context, max_tasks_per_child=1) as pool:
        runs = {name: pool.submit(rehearsed, name, given.horizon) for name in given.scenarios}
        for name, run in runs.items():
            cost = run.result()
            print(
                f"{name}: lab {cost.lab}, simulator {cost.simulator}; {cost.requests:,} audit events, "
                f"{cost.cpu_s:,.0f} s of processor in {cost.wall_s:,.0f} s, {cost.memory_mb:,.0f} MB of memory, "
                f"{cost.evidence_mb:,.0f} MB of evidence",
                flush=True,
            )


if __name__ == "__main__":
    main()
