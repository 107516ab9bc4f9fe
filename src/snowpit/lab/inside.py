"""What an API server shows of its inside at one moment: for /metrics and for the dumps of priority and fairness."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from snowpit.lab.exchange import Exchange


class Held(NamedTuple):
    """A request at a priority level.

    Args:
        exchange: The request.
        queue: Queue that it came through; negative where the level has none.
        seats: Seats.
        arrived: When it came, s on the lab's clock.
        started: When it got its seats, s; null while it waits.
    """

    exchange: Exchange
    queue: int
    seats: int
    arrived: float
    started: float | None


class QueueView(NamedTuple):
    """One queue of a level.

    Args:
        start: Virtual time at which its next request starts, seat-seconds.
        work: Estimated work of the requests that wait, seat-seconds.
    """

    start: float
    work: float


class Demand(NamedTuple):
    """Demand for seats over the last period, seats.

    Args:
        mean: Mean.
        deviation: Standard deviation over time.
        high: Highest.
        smoothed: What counts at the adjustment.
    """

    mean: float = 0.0
    deviation: float = 0.0
    high: float = 0.0
    smoothed: float = 0.0


NO_DEMAND = Demand()


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelView:
    """One priority level.

    Args:
        name: Name.
        exempt: Whether it limits nobody.
        nominal: Seats by its shares.
        least: Seats that it never lends.
        most: Seats that it may hold with all that it can borrow.
        limit: Seats that it has now.
        demand: Demand of the last period.
        virtual: Virtual time, seat-seconds.
        ends: Requests that were dispatched, rejected, timed out and cancelled since the start.
        queues: Its queues.
        held: Requests that wait or execute, in order of arrival.
    """

    name: str
    exempt: bool
    nominal: int = 0
    least: int = 0
    most: int = 0
    limit: int = 0
    demand: Demand = NO_DEMAND
    virtual: float = 0.0
    ends: tuple[int, int, int, int] = (0, 0, 0, 0)
    queues: tuple[QueueView, ...] = ()
    held: tuple[Held, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """The whole server.

    Args:
        status: Measures of ``model.sample.SERVER_MEASURES``, and what else ``ApiServer.status`` tells.
        levels: Priority levels; empty where the in-flight gate rules.
        objects: Stored objects by qualified resource.
    """

    status: Mapping[str, object] = field(default_factory=dict)
    levels: tuple[LevelView, ...] = ()
    objects: Mapping[str, int] = field(default_factory=dict)

    def number(self, name: str) -> float:
        """A measure of the status; 0 where it is not told."""
        value = self.status.get(name, 0.0)
        return float(value) if isinstance(value, (int, float)) else 0.0
