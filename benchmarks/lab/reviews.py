"""Measures how long reviews of distinct tokens wait on sockets, against the law of the limiter.

Reviews at once, as recorded with a real 1.13.5: nothing is answered before (M - 100) / 50 s, then 50 a second until
(2 M - 100) / 50 s. On sockets TLS, HTTP and this machine add their own.

    python benchmarks/lab/reviews.py --rounds 3
"""

import argparse
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

from snowpit.cluster.scenario_file import load
from snowpit.lab.conduct.on_sockets import rehearse
from snowpit.mechanism.limiter_laws import burst_completion

REVIEWS = 200


def waits() -> list[float]:
    """Seconds from the first review's receipt to each answer."""
    scenario = load(f"real-apiserver-burst-{REVIEWS}-distinct", overrides=("horizon=15s",))
    at_once = replace(scenario, events=(replace(scenario.events[0], at_s=2.0),))
    with TemporaryDirectory() as folder:
        rehearse(at_once, seed=1, folder=Path(folder))
        lines = (Path(folder) / "apiserver-0" / "audit.log").read_text().splitlines()
    events = [event for event in map(json.loads, lines) if event["requestURI"].endswith("/tokenreviews")]
    done = [event for event in events if event["stage"] == "ResponseComplete"]
    begun = min(datetime.fromisoformat(event["requestReceivedTimestamp"]) for event in done)
    return [(datetime.fromisoformat(event["stageTimestamp"]) - begun).total_seconds() for event in done]


def main() -> None:
    """Print last and mean answer of each round, and their ratios to the law."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    law = [burst_completion(place, REVIEWS) for place in range(1, REVIEWS + 1)]
    print(f"law: last {max(law):.3f} s, mean {mean(law):.3f} s")
    for _ in range(parser.parse_args().rounds):
        found = waits()
        ratios = max(found) / max(law), mean(found) / mean(law)
        print(
            f"{len(found)} reviews on sockets: last {max(found):.3f} s ({ratios[0]:.3f} of the law), "
            f"mean {mean(found):.3f} s ({ratios[1]:.3f})"
        )


if __name__ == "__main__":
    main()
