"""Measures reading and reporting as ratios against rivals that run in turn with it, in the same minutes.

Each comparison alternates the two sides and takes the median of the ratios of neighbouring runs, so that other work on
the machine weighs on both alike. CPU seconds are user plus system time of the whole process (``os.wait4``).

    python benchmarks/ingest.py --bytes 1G --rounds 5
"""

import argparse
import gzip
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
JQ_BYTES = 20_000_000
EVENTS_2_5M = 2_700_000_000
"""Bytes of a generated log with 2.5 million events."""

RAW = """level, auditID, stage, requestURI, verb, "user".username AS u, array_to_string("user".groups, ',') AS g,
impersonatedUser.username AS i, sourceIPs[1] AS s, userAgent, objectRef.resource, objectRef.namespace, objectRef.name,
objectRef.apiGroup, objectRef.apiVersion, objectRef.subresource, responseStatus.reason, responseStatus.code,
requestObject.spec.token AS t, responseObject.status."user".username AS ru, requestReceivedTimestamp, stageTimestamp, annotations"""
"""The raw columns that the request table is made from."""

BARE = """import sys, duckdb
from snowpit.ingest.events import INPUT
from snowpit.store.tables import SETTINGS
from snowpit.store import literal, quoted
columns = ", ".join(f"{quoted(n)}: {literal(k)}" for n, k in INPUT.items())
source = f"read_ndjson({literal(sys.argv[1])}, columns={{{columns}}})"
with duckdb.connect(config={**SETTINGS, "temp_directory": sys.argv[3]}) as db:
    db.execute(sys.argv[2].replace("SOURCE", source))
"""
TABLE = f"CREATE TABLE raw AS SELECT {RAW} FROM SOURCE"
AGGREGATE = """SELECT "user".username, userAgent, verb, objectRef.resource, sourceIPs[1], responseStatus.code, count(*),
sum(epoch_us(CAST(stageTimestamp AS TIMESTAMP)) - epoch_us(CAST(requestReceivedTimestamp AS TIMESTAMP))) FROM SOURCE GROUP BY ALL"""
UNZIP = """import sys
from isal import igzip
with igzip.open(sys.argv[1]) as file:
    while file.read(1 << 18): pass
"""


class Cost(NamedTuple):
    """What one run took."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def run(command: Sequence[str]) -> Cost:
    """Run a command to its end, its output thrown away.

    Raises:
        RuntimeError: If it ends neither well nor with findings.
    """
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1, 2):
        raise RuntimeError(f"{command[:4]} ended with {process.returncode}")
    return Cost(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def compare(
    title: str, ours: Sequence[str], rival: Sequence[str], *, rounds: int, of: Callable[[Cost], float]
) -> float:
    """Alternate two commands; print and give the median ratio of ours to the rival's."""
    pairs = [(run(ours), run(rival)) for _ in range(rounds)]
    ratio = statistics.median(of(a) / of(b) for a, b in pairs)
    mine, theirs = (statistics.median(of(pair[side]) for pair in pairs) for side in (0, 1))
    print(f"{title:<58} {ratio:6.2f}   ({mine:.2f} s to {theirs:.2f} s, {rounds} pairs)", flush=True)
    return ratio


def alone(title: str, command: Sequence[str], *, rounds: int) -> None:
    """Print the median wall time and the peak memory of a command."""
    costs = [run(command) for _ in range(rounds)]
    wall = statistics.median(cost.wall_s for cost in costs)
    print(f"{title:<58} {wall:6.2f} s wall, peak {max(cost.peak_mb for cost in costs):.0f} MB", flush=True)


def wall(cost: Cost) -> float:
    """Wall time."""
    return cost.wall_s


def cpu(cost: Cost) -> float:
    """CPU time."""
    return cost.cpu_s


def generate(path: Path, size: str, *options: str) -> Path:
    """Write a generated log."""
    with path.open("wb") as file:
        subprocess.run(
            [sys.executable, HERE / "generate_audit.py", "--bytes", size, *options], stdout=file, check=True
        )
    return path


def snowpit(*arguments: str) -> list[str]:
    """The command line of snowpit."""
    return [sys.executable, "-m", "snowpit", *arguments]


def slice_of(path: Path, size: int) -> Path:
    """The first whole lines of a log."""
    target = path.with_suffix(".slice")
    with path.open("rb") as file:
        data = file.read(size)
    target.write_bytes(data[: data.rfind(b"\n") + 1])
    return target


def measure(work: Path, arguments: argparse.Namespace) -> None:
    """All comparisons of ``docs/reference`` on one generated log."""
    rounds = arguments.rounds
    log = generate(work / "audit.log", arguments.bytes)
    report = snowpit("diagnose", str(log), "--no-cache")
    bare = [sys.executable, "-c", BARE, str(log)]
    compare(
        "report / bare typed read into a table, CPU (<= 1.6)",
        report,
        [*bare, TABLE, str(work)],
        rounds=rounds,
        of=cpu,
    )
    compare(
        "report / bare typed read, aggregated, CPU",
        report,
        [*bare, AGGREGATE, str(work)],
        rounds=rounds,
        of=cpu,
    )
    if shutil.which("jq"):
        part = slice_of(log, JQ_BYTES)
        talkers = f"jq -c '[.user.username, .userAgent, .verb, .objectRef.resource]' {part} | sort | uniq -c"
        scale = log.stat().st_size / part.stat().st_size
        pairs = [(run(report), run(["sh", "-c", talkers])) for _ in range(rounds)]
        ratio = statistics.median(theirs.wall_s * scale / ours.wall_s for ours, theirs in pairs)
        print(f"{'jq | sort | uniq -c (a slice, scaled) / report, wall (>= 5)':<58} {ratio:6.2f}", flush=True)
    zipped = log.with_suffix(".log.gz")
    with log.open("rb") as source, gzip.open(zipped, "wb", 6) as target:
        shutil.copyfileobj(source, target)
    pairs_gz = [
        (
            run(snowpit("diagnose", str(zipped), "--no-cache")),
            run(report),
            run([sys.executable, "-c", UNZIP, str(zipped)]),
        )
        for _ in range(rounds)
    ]
    ratio = statistics.median(ours.cpu_s / (plain.cpu_s + unzip.cpu_s) for ours, plain, unzip in pairs_gz)
    print(f"{'gzip report / (plain report + decompression), CPU (<= 1.3)':<58} {ratio:6.2f}", flush=True)
    cached = snowpit("diagnose", str(log), "--cache-dir", str(work / "cache"))
    run(cached)
    alone("second question on the same log, cached (< 1 s)", cached, rounds=rounds)
    alone(
        "10 MB to full report (< 1 s)",
        snowpit("diagnose", str(generate(work / "small.log", "10M", "--incident"))),
        rounds=rounds,
    )
    alone("--help (< 0.2 s)", snowpit("--help"), rounds=rounds)
    if arguments.memory:
        big = generate(work / "big.log", str(EVENTS_2_5M), "--stages", "all")
        alone("2.5 million events (< 600 MB)", snowpit("diagnose", str(big), "--no-cache"), rounds=1)


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bytes", default="1G", help="size of the generated log")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--memory", action="store_true", help="also measure the peak memory at 2.5 million events"
    )
    with tempfile.TemporaryDirectory(prefix="snowpit-bench-") as work:
        measure(Path(work), parser.parse_args())


if __name__ == "__main__":
    main()
