"""How many of the bounds that a calibration states hold, over presets and seeds.

Each preset is simulated at a tenth of its size, written as an audit log as kube-apiserver would have, and calibrated from it.

    python benchmarks/calibration.py --seeds 3
"""

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from snowpit.workflow.calibration import run
from snowpit.workflow.diagnosis import Question
from snowpit.workflow.evidence import Source

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from support.calibrated import audit_log, held, small, truth

PRESETS = {
    "healthy-1.12": 15,
    "incident-1.12": 25,
    "healthy-1.14": 15,
    "healthy-1.18": 15,
    "healthy-1.22": 15,
}
"""Preset -> minutes."""


def coverage(name: str, seed: int) -> list[tuple[str, float, bool]]:
    """Each value of a preset, and whether it lies within the stated bounds."""
    scenario = small(name, minutes=PRESETS[name])
    with tempfile.TemporaryDirectory() as folder:
        source = Source(paths=[str(audit_log(scenario, seed, Path(folder)))])
        found = run(Question(source=source, server_version=str(scenario.plane.version)))
    return held(found.calibration, truth(scenario))


def main() -> None:
    """Print coverage by preset, and which bounds fail most often."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="seeds of each preset")
    seeds = parser.parse_args().seeds
    missed: Counter[str] = Counter()
    inside = whole = 0
    for name in PRESETS:
        found = [item for seed in range(1, seeds + 1) for item in coverage(name, seed)]
        good = sum(ok for _, _, ok in found)
        missed.update(key for key, _, ok in found if not ok)
        inside, whole = inside + good, whole + len(found)
        print(f"{name:16} {good:4} of {len(found):4} bounds hold, {good / len(found):.1%}")
    print(f"{'all':16} {inside:4} of {whole:4} bounds hold, {inside / whole:.1%}")
    for key, times in missed.most_common(10):
        print(f"  missed {times} times: {key}")


if __name__ == "__main__":
    main()
