"""The process in /metrics. Memory, goroutines and CPU time are laws, not measured: a lab's servers share one process.

They grow with what a real server's grow with: requests inside, and requests answered.
"""

from snowpit.knowledge.version import Version
from snowpit.lab.evidence.metrics.exposition import Families
from snowpit.lab.inside import Inside

FIXED = 200_000_000.0
"""Memory of a server without requests, bytes."""

EACH = 50_000.0
"""Memory of a request that waits, bytes."""

ROUTINES, ROUTINES_EACH = 500.0, 2.0
"""Goroutines of a server without requests, and of a request inside."""

IDLE_CORES, ANSWER_S = 0.05, 0.001
"""CPU time per second of a server without requests, and per request, s."""

HOLDERS = ("seats_mutating", "seats_readonly", "authenticating", "backlog", "queued")


class Process:
    """What one server shows of its process and its build.

    Args:
        families: Where it is shown.
        version: The server's version.
        started: When it was started, s since the epoch.
    """

    def __init__(self, families: Families, version: Version, started: float) -> None:
        self._families, self._version, self._started = families, version, started
        build = {
            "buildDate": "1970-01-01T00:00:00Z",
            "compiler": "gc",
            "gitCommit": "lab",
            "gitTreeState": "clean",
            "gitVersion": f"v{version}",
            "goVersion": "go",
            "major": "1",
            "minor": str(version.minor),
            "platform": "linux/amd64",
        }
        if version.at_least("1.18.0"):
            build = {_snake(name): value for name, value in build.items()}
        families.set("kubernetes_build_info", 1.0, tuple(build.items()))

    def show(self, inside: Inside, now: float) -> None:
        """Set the gauges; ``now`` is s since the epoch."""
        held = sum(inside.number(name) for name in HOLDERS)
        cpu = IDLE_CORES * (now - self._started) + ANSWER_S * inside.number("offered")
        self._families.set("go_goroutines", ROUTINES + ROUTINES_EACH * held)
        self._families.set("process_resident_memory_bytes", FIXED + EACH * held)
        self._families.set("process_start_time_seconds", self._started)
        self._families.reach("process_cpu_seconds_total", cpu)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
