"""The three debug dumps of priority and fairness, and the headers that name a request's level and flow schema.

Columns by release: queues tell virtual start to 1.22, seats and work from 1.23; levels count requests from 1.26; requests that
execute are told from 1.28 (recalled: the release after v0.28.0-alpha.2). Levels stand in order of their names, as from 1.26.
Source: kubernetes/apiserver pkg/util/flowcontrol/apf_controller_debug.go and debug/dump.go 0.20 to 0.33; kubernetes#112393.
"""

from collections.abc import Iterator, Mapping, Sequence

from snowpit.knowledge.version import Version
from snowpit.lab.clock import Clock, moment
from snowpit.lab.inside import Held, LevelView
from snowpit.lab.server.tabs import aligned

PREFIX = "/debug/api_priority_and_fairness/"
NONE = "<none>"
NEVER = "0001-01-01T00:00:00Z"
DETAILS = ("UserName", "Verb", "APIPath", "Namespace", "Name", "APIVersion", "Resource", "SubResource")
COUNTS = ("DispatchedRequests", "RejectedRequests", "TimedoutRequests", "CancelledRequests")
NO_QUEUE = -1
Row = tuple[str, ...]


class Dumps:
    """The dumps of one server.

    Args:
        version: Its version.
        clock: The lab's clock.
    """

    def __init__(self, version: Version, clock: Clock) -> None:
        self._clock = clock
        self._seats, self._counts = version.at_least("1.23.0"), version.at_least("1.26.0")
        self._executing = version.at_least("1.28.0")
        self._exempt = version.at_least("1.28.0")

    def get(self, path: str, query: Mapping[str, str], levels: Sequence[LevelView]) -> bytes | None:
        """The dump at a path; null if there is none.

        Args:
            path: Path of the request.
            query: Its query; ``includeRequestDetails`` adds columns to the dump of requests.
            levels: Priority levels at this moment.
        """
        ordered = sorted(levels, key=lambda one: one.name)
        match path.removeprefix(PREFIX):
            case "dump_priority_levels":
                rows = self._levels(ordered)
            case "dump_queues":
                rows = self._queues(ordered)
            case "dump_requests":
                rows = self._requests(ordered, details=bool(query.get("includeRequestDetails")))
            case _:
                return None
        return aligned(rows)

    def _levels(self, levels: Sequence[LevelView]) -> Iterator[Row]:
        head = (
            "PriorityLevelName",
            "ActiveQueues",
            "IsIdle",
            "IsQuiescing",
            "WaitingRequests",
            "ExecutingRequests",
        )
        more = COUNTS if self._counts else ()
        yield head + more
        for level in levels:
            if level.exempt and not self._exempt:
                yield (level.name, *(NONE,) * (len(head) + len(more) - 1))
                continue
            waiting = [one for one in level.held if one.started is None]
            active, executing = len({one.queue for one in waiting}), len(level.held) - len(waiting)
            idle = str(not level.held).lower()
            ends = level.ends if more else ()
            numbers = (len(waiting), executing, *ends)
            yield (level.name, str(active), idle, "false", *map(str, numbers))

    def _queues(self, levels: Sequence[LevelView]) -> Iterator[Row]:
        last = ("SeatsInUse", "NextDispatchR", "InitialSeatsSum", "MaxSeatsSum", "TotalWorkSum")
        head: Row = ("PriorityLevelName", "Index", "PendingRequests", "ExecutingRequests")
        head += last if self._seats else ("VirtualStart",)
        yield head
        for level in levels:
            if level.exempt and not self._exempt:
                yield (level.name, *(NONE,) * (len(head) - 1))
            for index in range(len(level.queues)):
                yield (level.name, str(index), *self._queue(level, index))

    def _queue(self, level: LevelView, index: int) -> Row:
        inside = [one for one in level.held if one.queue == index]
        waiting = [one for one in inside if one.started is None]
        counts = (str(len(waiting)), str(len(inside) - len(waiting)))
        queue = level.queues[index]
        if not self._seats:
            return (*counts, f"{queue.start:.4f}")
        wanted = sum(one.seats for one in waiting)
        used = sum(one.seats for one in inside) - wanted
        return (
            *counts,
            str(used),
            _seat_seconds(queue.start),
            str(wanted),
            str(wanted),
            _seat_seconds(queue.work),
        )

    def _requests(self, levels: Sequence[LevelView], *, details: bool) -> Iterator[Row]:
        head: Row = (
            "PriorityLevelName",
            "FlowSchemaName",
            "QueueIndex",
            "RequestIndexInQueue",
            "FlowDistingsher",
        )
        head += ("ArriveTime",)
        head += ("InitialSeats", "FinalSeats", "AdditionalLatency") if self._seats else ()
        head += ("StartTime",) if self._executing else ()
        yield head + (DETAILS if details else ())
        for level in levels:
            for place, one in _in_queues(level):
                if one.started is None or self._executing:
                    yield self._request(level, place, one) + (_details(one) if details else ())

    def _request(self, level: LevelView, place: int, one: Held) -> Row:
        user = "" if level.exempt else _line(one.exchange.acting.name)
        row: Row = (
            level.name,
            one.exchange.flow_schema,
            str(one.queue),
            str(place),
            user,
            self._time(one.arrived),
        )
        row += (str(one.seats), "0", "0s") if self._seats else ()
        started = NEVER if one.started is None else self._time(one.started)
        return (*row, started) if self._executing else row

    def _time(self, now: float) -> str:
        stamp = moment(self._clock.epoch + round(now * 1e6))
        return stamp.strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".") + "Z"


def _in_queues(level: LevelView) -> Iterator[tuple[int, Held]]:
    """Requests of a level queue by queue, with their place among those that wait; others have no place."""
    for queue in (*range(len(level.queues)), NO_QUEUE):
        inside = [one for one in level.held if one.queue == queue]
        waiting = [one for one in inside if one.started is None]
        yield from enumerate(waiting)
        yield from ((NO_QUEUE, one) for one in inside if one.started is not None)


def _details(one: Held) -> Row:
    info = one.exchange.info
    version = f"{info.group}/{info.version}" if info.group else info.version
    told = (info.verb, info.path, info.namespace, info.name, version, info.resource, info.subresource)
    return tuple(map(_line, (one.exchange.acting.name, *told)))


def _line(text: str) -> str:
    """Text that stays on its line."""
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")


def _seat_seconds(value: float) -> str:
    """Seat-seconds as Kubernetes prints them.

    >>> _seat_seconds(1.5)
    '1.50000000ss'
    """
    return f"{value:.8f}ss"
