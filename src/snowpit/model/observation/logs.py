"""What component logs tell: lines that mean something, by what they tell; waits of limited clients; starts and stops.

Kinds are those of ``model.log_line.KINDS``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from snowpit.model.evidence import Pointer


@dataclass(frozen=True, slots=True, kw_only=True)
class LineGroup:
    """Lines of one component that tell the same.

    Args:
        kind: What they tell.
        component: Who wrote them, such as ``kubelet``; empty if not known.
        server: Host or pod; empty if none is named.
        subject: What they are about; of a URL path the resource, with its subresource.
        verb: Verb or method; empty if they name none.
        lines: How many.
        subjects: Distinct subjects before URL paths were reduced to resources.
        clients: Distinct clients named.
        first_at: µs since the epoch.
        last_at: Likewise.
        peak: Most of them in one minute.
        peak_at: When that minute begins, µs since the epoch.
        median_s: Median of the durations that they tell, seconds; null if they tell none.
        max_s: The longest of them.
        pointers: The first of them, and the one with the longest duration.
    """

    kind: str
    component: str
    server: str
    subject: str
    verb: str
    lines: int
    subjects: int
    clients: int
    first_at: int
    last_at: int
    peak: int
    peak_at: int
    median_s: float | None
    max_s: float | None
    pointers: tuple[Pointer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitedClient:
    """A component whose own rate limiter made it wait.

    Args:
        component: Who waited; kube-apiserver waits at its loopback client.
        server: Host or pod; empty if none is named.
        lines: Waits that were logged.
        objects: What was asked for (``get secrets``), lines, and distinct objects of that kind, largest first.
        distinct: Distinct objects of all kinds.
        first_at: µs since the epoch.
        last_at: Likewise.
        median_wait_s: Median wait, seconds.
        max_wait_s: Longest wait.
        rate: Requests per second that got through while they had to wait: the rate of the limiter; zero if no wait
            lasted for seconds on end.
        busy_s: Seconds in which waits ended.
        pointers: The first and the longest.
    """

    component: str
    server: str
    lines: int
    objects: tuple[tuple[str, int, int], ...]
    distinct: int
    first_at: int
    last_at: int
    median_wait_s: float
    max_wait_s: float
    rate: float
    busy_s: int
    pointers: tuple[Pointer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """Starts and stops of one process, as its own log tells them.

    Args:
        component: Which.
        server: Host or pod; empty if none is named.
        starts: When it started, µs since the epoch, at most 100 of them.
        stops: When it was told to stop.
        versions: Releases that it told at start.
        shortest_s: Shortest time between two starts, seconds; null if there are no two.
        median_s: Median of those times.
        pointers: The first starts.
    """

    component: str
    server: str
    starts: tuple[int, ...]
    stops: tuple[int, ...]
    versions: tuple[str, ...]
    shortest_s: float | None
    median_s: float | None
    pointers: tuple[Pointer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """What component logs tell.

    Args:
        lines: Lines that mean something, by kind.
        components: Components that wrote them.
        first_at: Earliest of them, µs since the epoch.
        last_at: Latest.
        groups: The 30 largest groups of each kind, kinds in their order, largest first.
        limited: Components that waited for their own limiter, most waits first.
        lifetimes: Starts and stops by component and server.
    """

    lines: Mapping[str, int]
    components: tuple[str, ...]
    first_at: int
    last_at: int
    groups: tuple[LineGroup, ...] = field(default=())
    limited: tuple[LimitedClient, ...] = field(default=())
    lifetimes: tuple[Lifetime, ...] = field(default=())

    def of(self, kind: str, component: str = "") -> tuple[LineGroup, ...]:
        """Groups of a kind, of one component if it is given."""
        return tuple(
            group
            for group in self.groups
            if group.kind == kind and (not component or group.component == component)
        )

    def count(self, kind: str, component: str = "") -> int:
        """Lines of a kind in the groups shown, of one component if it is given."""
        return sum(group.lines for group in self.of(kind, component))
