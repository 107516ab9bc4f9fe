"""Rehearses on sockets what was recorded with a real 1.13.5, row by row, and sets the figures side by side.

Figures that the loopback limiter rules should agree within 5 %; milliseconds are those of Python and of this machine. Instants are
counted from the first receipt, as the audit log tells them.

    python benchmarks/lab/rows.py            # all rows, about four minutes
    python benchmarks/lab/rows.py masters-500
"""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from snowpit.cluster.scenario_file import load
from snowpit.lab.conduct.on_sockets import rehearse

CREATED, REFUSED = 201, 429
BEGIN_S = 2.0
"""When a burst comes: soon, so that nobody waits for it."""

SETTLED_S = 4.0
"""When the limiter's first hundred are spent, back to back."""


class Answer(NamedTuple):
    """One answer: when its request came and when it left, s, and its status."""

    came: float
    left: float
    code: int


class Figure(NamedTuple):
    """What the lab shows, and what the real server showed."""

    found: float
    recorded: float


Figures = Mapping[str, Figure]


def created(answers: Sequence[Answer]) -> list[Answer]:
    """Reviews that were answered, in the order of their answers."""
    return sorted((one for one in answers if one.code == CREATED), key=lambda one: one.left)


def burst(
    reviews: int, first_s: float, last_s: float, refused: int = 0
) -> Callable[[Sequence[Answer]], Figures]:
    """Figures of reviews that come at once.

    Args:
        reviews: Recorded number of 201.
        first_s: When the first was answered, s.
        last_s: When the last was.
        refused: Recorded number of 429.
    """

    def figures(answers: Sequence[Answer]) -> Figures:
        good = created(answers)
        return {
            "201": Figure(len(good), reviews),
            "429": Figure(sum(one.code == REFUSED for one in answers), refused),
            "first 201 s": Figure(good[0].left, first_s),
            "last 201 s": Figure(good[-1].left, last_s),
        }

    return figures


def steady(rate: float) -> Callable[[Sequence[Answer]], Figures]:
    """Figures of a client that asks back to back: answers a second, once the limiter's burst is spent."""

    def figures(answers: Sequence[Answer]) -> Figures:
        late = [one.left for one in created(answers) if one.left > SETTLED_S]
        return {"201 a second": Figure((len(late) - 1) / (late[-1] - late[0]), rate)}

    return figures


def quick(median_ms: float) -> Callable[[Sequence[Answer]], Figures]:
    """Figures of reviews that wait for nothing: what the machine takes, not the limiter."""

    def figures(answers: Sequence[Answer]) -> Figures:
        took = median((one.left - one.came) * 1000 for one in created(answers))
        return {"median ms (not the limiter's)": Figure(took, median_ms)}

    return figures


ROWS: Mapping[str, tuple[float, Callable[[Sequence[Answer]], Figures]]] = {
    "cold": (10.0, quick(5.3)),
    "cached": (10.0, quick(0.86)),
    "cold-back-to-back": (20.0, steady(25.0)),
    "deleted-token": (20.0, steady(50.0)),
    "garbage-token": (5.0, quick(0.9)),
    "burst-50-same": (6.0, quick(28.0)),
    "burst-50-distinct": (6.0, quick(75.0)),
    "burst-200-same": (15.0, burst(200, 2.0, 6.0)),
    "burst-200-distinct": (15.0, burst(200, 2.0, 6.0)),
    "burst-500-distinct": (15.0, burst(200, 2.0, 6.0, 300)),
    "burst-1000-same": (15.0, burst(200, 2.0, 6.0, 800)),
    "burst-1000-distinct": (15.0, burst(200, 2.0, 6.0, 800)),
    "retry-storm-distinct": (60.0, burst(1000, 2.0, 38.006, 12_525)),
    "retry-storm-same": (15.0, burst(1000, 2.1, 6.1, 1600)),
    "masters-500": (25.0, burst(500, 7.4, 18.0)),
}
"""Rows of the recording: how long to rehearse, s, and what to look at."""


def rehearsed(name: str, horizon_s: float) -> list[Answer]:
    """Answers to reviews on sockets."""
    scenario = load(f"real-apiserver-{name}", overrides=(f"horizon={horizon_s:.0f}s",))
    soon = tuple(replace(event, at_s=BEGIN_S) for event in scenario.events)
    with TemporaryDirectory() as folder:
        rehearse(replace(scenario, events=soon), seed=1, folder=Path(folder))
        found = list(_answers(Path(folder) / "apiserver-0"))
    begun = min(one.came for one in found)
    return [Answer(one.came - begun, one.left - begun, one.code) for one in found]


def _answers(folder: Path) -> Iterator[Answer]:
    for path in folder.glob("audit*.log"):
        for event in map(json.loads, path.read_text().splitlines()):
            if event["requestURI"].endswith("/tokenreviews") and event["stage"] == "ResponseComplete":
                came, left = (_seconds(event[f"{one}Timestamp"]) for one in ("requestReceived", "stage"))
                yield Answer(came, left, event["responseStatus"]["code"])


def _seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()


def main() -> None:
    """Print a line for each figure: lab, recorded server, ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("rows", nargs="*", default=list(ROWS))
    for name in parser.parse_args().rows:
        horizon_s, figures = ROWS[name]
        for what, (found, recorded) in figures(rehearsed(name, horizon_s)).items():
            ratio = f"{found / recorded:.3f}" if recorded else "-"
            print(
                f"{name:22} {what:30} lab {found:10.3f}  recorded {recorded:10.3f}  ratio {ratio}", flush=True
            )


if __name__ == "__main__":
    main()
