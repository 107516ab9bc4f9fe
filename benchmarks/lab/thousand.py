"""Measures a lab in full on wall time: 1,000 kubelets and 1,400 clients on sockets, then all clients at once.

The founding incident's cluster without its trigger. Rates are those of the whole lab; processor and memory are of the two
processes, the API server's and that of kubelets, scraper and clients.

    python benchmarks/lab/thousand.py --horizon 120
"""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from snowpit.cluster.happenings import events
from snowpit.cluster.scenario_file import load
from snowpit.lab.conduct.on_sockets import rehearse
from snowpit.lab.conduct.parties import Status
from snowpit.model.sample import Run

CLIENTS, BIN_S, QUIET_S = 1400, 5, 10
TICKS = os.sysconf("SC_CLK_TCK")


def spent(pid: int) -> float:
    """Processor time of a process, s; see proc(5)."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, after_name[11:13])) / TICKS


def resident(pid: int) -> float:
    """Memory of a process, MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


class Meter:
    """Processor time and memory of both processes, read after every bin."""

    def __init__(self) -> None:
        self.cpu_s: dict[str, list[float]] = {"around": [], "server": []}
        self.memory_mb: dict[str, list[float]] = {"around": [], "server": []}
        self.times: list[float] = []

    def __call__(self, now: float, told: Sequence[Status]) -> None:
        """Note where both stand."""
        self.times.append(now)
        for name, pid in (("around", os.getpid()), ("server", int(str(told[0]["pid"])))):
            self.cpu_s[name].append(spent(pid))
            self.memory_mb[name].append(resident(pid))

    def share(self, name: str, begin: int, end: int) -> float:
        """Share of a core between two bins."""
        return (self.cpu_s[name][end] - self.cpu_s[name][begin]) / (self.times[end] - self.times[begin])


def told(run: Run, meter: Meter, begin: int, end: int) -> None:
    """Print rates and costs between two bins."""
    seconds = (end - begin) * BIN_S
    served = sum(run.samples.servers[0]["offered"][begin:end]) / seconds
    print(f"  {served:.0f} requests a second at the server", end="")
    for name in meter.cpu_s:
        share, memory = meter.share(name, begin, end - 1), meter.memory_mb[name][end - 1]
        print(f"; {name}: {share:.2f} cores, {memory:,.0f} MB", end="")
    print()
    for name, one in run.samples.clients.items():
        print(f"    {name}: {_rates(one, begin, end)}")


def _rates(one: Mapping[str, Sequence[float]], begin: int, end: int) -> str:
    seconds = (end - begin) * BIN_S
    calls, good = (sum(one[key][begin:end]) for key in ("calls", "goodput"))
    mean_ms = 1000 * sum(one["sojourn_s"][begin:end]) / good if good else 0.0
    bad = sum(sum(one[key][begin:end]) for key in ("failed", "refusals", "timeouts"))
    return f"{calls / seconds:.1f} calls a second, {good / seconds:.1f} good, mean {mean_ms:.0f} ms, {bad:.0f} refused, timed out or failed"


def main() -> None:
    """Print what the lab did before, and from, the instant at which all clients call at once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--horizon", type=int, default=120)
    horizon = parser.parse_args().horizon
    scenario = load("incident-1.12-no-burst", overrides=(f"horizon={horizon}s", f"bin={BIN_S}s"))
    at = horizon // 2
    herd = {"at": f"{at}s", "action": "burst", "clients": "apps", "requests": CLIENTS, "spread": "1s"}
    meter = Meter()
    with TemporaryDirectory(prefix="snowpit-thousand-") as folder:
        scenario = replace(scenario, events=events([herd], scenario, "benchmark"))
        run = rehearse(scenario, seed=1, folder=Path(folder), seen=meter)
    middle, end = at // BIN_S, run.samples.bins
    print(f"healthy, {QUIET_S} s to {at} s:")
    told(run, meter, QUIET_S // BIN_S, middle)
    print(f"from {at} s, when {CLIENTS:,} clients call within a second:")
    told(run, meter, middle, end)


if __name__ == "__main__":
    main()
