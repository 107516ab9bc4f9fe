"""Measures reading component logs into the store, in CPU seconds of one process and its peak memory.

Three logs of one size are read in turn, each in a process of its own: without access lines, with a third of access
lines, and nothing but access lines. Start-up counts.

    python benchmarks/logs.py --bytes 1G
"""

import argparse
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

KINDS = (("no access lines", "0"), ("a third access lines", "0.33"), ("access lines only", "1"))
GENERATOR = Path(__file__).with_name("generate_klog.py")
READ = """
import resource, sys
from snowpit.ingest import read
from snowpit.store import Tables
with Tables() as tables:
    found = read([sys.argv[1]], tables=tables).files[0]
used = resource.getrusage(resource.RUSAGE_SELF)
print(found.bytes, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, found.events, found.rows.get("log_lines", 0))
"""


def measured(path: Path) -> tuple[float, ...]:
    """Bytes, CPU seconds, peak bytes of memory, requests and log lines of reading a log."""
    ran = subprocess.run([sys.executable, "-c", READ, str(path)], check=True, capture_output=True, text=True)
    return tuple(map(float, ran.stdout.split()))


def main() -> None:
    """Print one line a kind of log, and what access lines cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bytes", default="1G")
    parser.add_argument("--form", default="1.28")
    given = parser.parse_args()
    speeds = []
    for title, share in KINDS:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "apiserver.log"
            with path.open("wb") as out:
                words = ["--bytes", given.bytes, "--access", share, "--form", given.form]
                subprocess.run([sys.executable, str(GENERATOR), *words], check=True, stdout=out)
            size, cpu, memory, events, lines = measured(path)
        speeds.append(size / cpu)
        print(
            f"{title:22} {size / 1e6 / cpu:7.1f} MB/s and core, {events:,.0f} requests, {lines:,.0f} log lines, "
            f"peak {memory / 1e6:.0f} MB",
            flush=True,
        )
    print(f"access lines only / no access lines: {speeds[2] / speeds[0]:.3f}")


if __name__ == "__main__":
    main()
