"""Measures the forecast: an answer by closed forms, start-up included, and a full one; and how much the latter costs more.

python benchmarks/forecast.py --seeds 12
"""

import argparse
import os
import subprocess
import sys
import time
from statistics import median

PROGRAM = (sys.executable, "-m", "snowpit", "forecast")


def measured(*arguments: str) -> tuple[float, float]:
    """Wall clock and CPU seconds of one forecast."""
    before, begin = os.times(), time.perf_counter()
    ran = subprocess.run([*PROGRAM, *arguments], check=False, capture_output=True)
    wall, after = time.perf_counter() - begin, os.times()
    if ran.returncode not in (0, 1):
        raise SystemExit(ran.stderr.decode())
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, used


def main() -> None:
    """Print one line a question, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", default="incident-1.12")
    parser.add_argument("--seeds", default="12")
    parser.add_argument("--quick-times", type=int, default=11)
    given = parser.parse_args()
    quick = [measured(given.scenario, "--quick") for _ in range(given.quick_times)]
    wall, cpu = (median(one[place] for one in quick) for place in (0, 1))
    print(
        f"closed forms, start-up included: {wall:.3f} s, {cpu:.3f} s of CPU (median of {len(quick)})",
        flush=True,
    )
    whole, used = measured(given.scenario, "--seeds", given.seeds)
    print(f"full, {given.seeds} seeds: {whole:.1f} s, {used:.1f} s of CPU")
    print(f"full / closed forms: {whole / wall:,.0f}")


if __name__ == "__main__":
    main()
