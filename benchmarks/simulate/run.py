"""Measures the simulator against SimPy and a tuned C++ event loop of the same model (``model.md``), in turn.

First the three must agree; then rounds alternate them, so that other work on the machine weighs on all alike.

    python benchmarks/simulate/run.py --rounds 7
    python benchmarks/simulate/run.py --sizes h1k c1k --no-simpy --rounds 21
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from storm_agreement import report
from storm_rivals import Outcome, build, run_cpp, run_simpy, run_snowpit
from storm_scenarios import SIZES

Form = Callable[..., list[Outcome]]
HORIZON_S = 3600.0
CHECK_S = 1500.0
"""Horizon of the agreement: 600 s of health, the trigger, and 900 s of what follows."""

SIMPY_S = {"h1k": 3600.0, "c1k": 3600.0, "h5k": 900.0, "c5k": 1200.0}
"""Horizons of the SimPy form, whose cost is held against that of snowpit to the same horizon."""

Z = 4.0
"""About 90 comparisons are made, of few seeds; chance alone exceeds this once in 150 complete checks."""


def forms(program: Path, *, with_simpy: bool) -> dict[str, Form]:
    """The forms by name."""

    def cpp(*args: object, **kwargs: object) -> list[Outcome]:
        return run_cpp(program, *args, **kwargs)  # type: ignore[arg-type]

    found: dict[str, Form] = {"snowpit": run_snowpit, "C++": cpp}
    return found | ({"SimPy": run_simpy} if with_simpy else {})


def agree(found: dict[str, Form], seeds: dict[str, int]) -> bool:
    """Compare totals of a healthy and a collapsed run."""
    good = True
    for size in ("h1k", "c1k"):
        groups = {
            name: form(SIZES[size], seed=1000 * place, runs=seeds[name], horizon_s=CHECK_S)
            for place, (name, form) in enumerate(found.items(), start=1)
        }
        good = report(size, groups, limit=Z) and good
    return good


def median_cpu(outcomes: Sequence[Outcome]) -> float:
    """Median CPU time, s."""
    return statistics.median(outcome.cpu_s for outcome in outcomes)


def measure(size: str, found: dict[str, Form], rounds: int) -> dict[str, list[Outcome]]:
    """Alternate the compiled forms, one warm-up each."""
    results: dict[str, list[Outcome]] = {"snowpit": [], "C++": []}
    for turn in range(rounds + 1):
        for name in results:
            outcome = found[name](SIZES[size], seed=1 + turn, runs=1, horizon_s=HORIZON_S)
            results[name] += outcome if turn else []
    return results


def print_against_cpp(size: str, results: dict[str, list[Outcome]]) -> None:
    """One line for snowpit against C++: medians, and the median of the ratios of neighbours."""
    for name, outcomes in results.items():
        rate = statistics.median(outcome.events / outcome.cpu_s for outcome in outcomes) / 1e6
        print(
            f"{size} {name:8} {median_cpu(outcomes):8.3f} CPU s  {rate:6.1f} M events/s  {outcomes[0].events:>11,} events"
        )
    pairs = zip(results["snowpit"], results["C++"], strict=True)
    ratio = statistics.median(ours.cpu_s / theirs.cpu_s for ours, theirs in pairs)
    print(f"{size} snowpit / C++   = {ratio:6.2f}  (target: at most 1.30)", flush=True)


def print_against_simpy(size: str, simpy: Form) -> None:
    """One line for SimPy against snowpit to the same horizon."""
    horizon_s = SIMPY_S[size]
    theirs = simpy(SIZES[size], seed=1, runs=1, horizon_s=horizon_s)[0]
    ours = median_cpu(run_snowpit(SIZES[size], seed=1, runs=3, horizon_s=horizon_s))
    print(f"{size} SimPy    {theirs.cpu_s:8.3f} CPU s to {horizon_s:.0f} s; snowpit {ours:.3f} CPU s")
    print(f"{size} SimPy / snowpit = {theirs.cpu_s / ours:6.1f}  (target: at least 100)", flush=True)


def main() -> int:
    """Check, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", nargs="+", default=list(SIZES), choices=SIZES)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--no-simpy", action="store_true", help="leave SimPy out")
    parser.add_argument("--no-check", action="store_true", help="leave the agreement out")
    parser.add_argument(
        "--seeds", type=int, nargs=3, default=(60, 200, 6), help="of snowpit, C++ and SimPy in the agreement"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        program, seconds = build(Path(folder))
        print(f"C++ compiled in {seconds:.1f} s")
        found = forms(program, with_simpy=not options.no_simpy)
        seeds = dict(zip(("snowpit", "C++", "SimPy"), options.seeds, strict=True))
        if not options.no_check and not agree(found, seeds):
            print("The forms disagree: no times are worth printing.")
            return 1
        for size in options.sizes:
            print_against_cpp(size, measure(size, found, options.rounds))
            if not options.no_simpy:
                print_against_simpy(size, run_simpy)
    return 0


if __name__ == "__main__":
    sys.exit(main())
