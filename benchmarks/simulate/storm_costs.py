"""Draws what an hour of cluster time costs against kubelets, clients and tokens, healthy and collapsed.

python benchmarks/simulate/storm_costs.py docs/assets/simulation-cost.svg
"""

import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt
from storm_rivals import build, run_cpp, run_snowpit
from storm_scenarios import SIZES, Size

HOUR_S = 3600.0
ROUNDS = 3
AXES: dict[str, Sequence[int]] = {
    "nodes": (125, 250, 500, 1000, 2000, 4000),
    "clients": (175, 350, 700, 1400, 2800, 5600),
    "tokens": (10, 25, 50, 100, 200, 400, 800),
}
LABELS = {"nodes": "kubelets", "clients": "ServiceAccount clients", "tokens": "tokens"}
STATES = {"h1k": "no trigger", "c1k": "with trigger"}
COLOURS = {"h1k": "tab:blue", "c1k": "tab:red"}


def cost(program: Path, size: Size) -> tuple[float, float]:
    """Median CPU seconds of an hour in snowpit and in C++, in turn."""
    ours, theirs = [], []
    for seed in range(1, ROUNDS + 1):
        ours += run_snowpit(size, seed=seed, runs=1, horizon_s=HOUR_S)
        theirs += run_cpp(program, size, seed=seed, runs=1, horizon_s=HOUR_S)
    return statistics.median(one.cpu_s for one in ours), statistics.median(one.cpu_s for one in theirs)


def main() -> None:
    """Measure and draw; print the numbers too."""
    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "snowpit"
    figure, panels = plt.subplots(1, len(AXES), figsize=(12, 3.6), sharey=True, layout="constrained")
    with tempfile.TemporaryDirectory() as folder:
        program, _ = build(Path(folder))
        for panel, (axis, values) in zip(panels, AXES.items(), strict=True):
            for state, word in STATES.items():
                costs = [cost(program, SIZES[state]._replace(**{axis: value})) for value in values]
                for value, (ours, theirs) in zip(values, costs, strict=True):
                    print(
                        f"{LABELS[axis]:24} {value:6} {word:13} snowpit {ours:7.3f}  C++ {theirs:7.3f} CPU s",
                        flush=True,
                    )
                panel.loglog(
                    values, [ours for ours, _ in costs], "o-", color=COLOURS[state], label=f"snowpit, {word}"
                )
                panel.loglog(
                    values, [theirs for _, theirs in costs], ".:", color=COLOURS[state], label=f"C++, {word}"
                )
            panel.set_xlabel(LABELS[axis])
            panel.set_xticks(values, [f"{value:,}" for value in values], fontsize=8)
            panel.minorticks_off()
            panel.grid(visible=True, which="major", alpha=0.3)
    panels[0].set_ylabel("CPU seconds an hour of cluster time")
    panels[0].legend(fontsize=8, loc="upper left")
    figure.savefig(sys.argv[1], metadata={"Date": None})


if __name__ == "__main__":
    main()
