"""Measures reading a dump of metrics into the store against parsing it alone with prometheus_client, in turn.

python benchmarks/metrics.py --megabytes 3 --rounds 5
"""

import argparse
import io
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from prometheus_client.parser import text_string_to_metric_families

from snowpit.ingest import read
from snowpit.store import Tables

VERBS = ("GET", "LIST", "POST", "PUT", "PATCH", "DELETE", "WATCH")
BOUNDS = (0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)


def lines(megabytes: float) -> Iterator[str]:
    """A histogram of request durations with as many resources as it takes."""
    name = "apiserver_request_duration_seconds"
    yield f"# HELP {name} Response latency.\n# TYPE {name} histogram\n"
    size = resource = 0
    while size < megabytes * 1e6:
        resource += 1
        for verb in VERBS:
            labels = f'component="apiserver",group="",resource="thing{resource}",scope="cluster",verb="{verb}",version="v1"'
            counts = [
                f'{name}_bucket{{{labels},le="{bound}"}} {i * resource}\n'
                for i, bound in enumerate((*BOUNDS, "+Inf"))
            ]
            text = "".join(
                [
                    *counts,
                    f"{name}_sum{{{labels}}} {resource * 1.25}\n",
                    f"{name}_count{{{labels}}} {15 * resource}\n",
                ]
            )
            size += len(text)
            yield text


def cost(work: Callable[[], object]) -> float:
    """CPU seconds of this process."""
    start = time.process_time()
    work()
    return time.process_time() - start


def stored(path: Path) -> None:
    """Read a dump with snowpit."""
    with Tables() as tables:
        read([str(path)], tables=tables)


def main() -> None:
    """Alternate the two, print medians and their ratio."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megabytes", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    text = "".join(lines(options.megabytes))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "dump.prom"
        path.write_text(text, encoding="utf-8")
        ours, theirs = [], []
        for _ in range(options.rounds):
            ours.append(cost(lambda: stored(path)))
            theirs.append(
                cost(
                    lambda: [
                        family.name for family in text_string_to_metric_families(io.StringIO(text).read())
                    ]
                )
            )
    print(f"snowpit, into the store      {statistics.median(ours):6.2f} CPU s for {len(text) / 1e6:.1f} MB")
    print(f"prometheus_client, parsing   {statistics.median(theirs):6.2f} CPU s")
    print(
        f"prometheus_client / snowpit  {statistics.median(b / a for a, b in zip(ours, theirs, strict=True)):6.2f}"
    )


if __name__ == "__main__":
    main()
