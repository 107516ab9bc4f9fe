"""Priority and fairness in the place of the gate: levels with seats of their own, and fair queues inside them.

The laws are those of ``mechanism``; this room keeps the queues and wakes who may go on. A request waits in its queue for a
quarter of the request timeout at most. Source: kubernetes/apiserver pkg/util/flowcontrol 1.20 to 1.28.
"""

import asyncio
from collections import Counter, defaultdict
from hashlib import blake2b

from snowpit.cluster.control_plane import ControlPlane
from snowpit.cluster.flow_schemas import EXEMPT, Place, place_of
from snowpit.cluster.scenario import PriorityLevel
from snowpit.lab.exchange import Exchange
from snowpit.lab.inside import Held, LevelView
from snowpit.lab.server.gate import LIMITS
from snowpit.lab.server.level import Level, Waiter
from snowpit.lab.setup import ServerSetup
from snowpit.mechanism import fair_queue, priority_levels, width

QUEUE_FULL, TIME_OUT, CONCURRENCY = "queue-full", "time-out", "concurrency-limit"
"""Reasons of a rejection, as ``apiserver_flowcontrol_rejected_requests_total`` names them."""

PROBED = ("/healthz", "/livez", "/readyz")
PROBES_SINCE = "1.22.0"


class Fairness:
    """All levels of one server; takes the place of ``gate.Gate``.

    Args:
        setup: Version, levels and limits; objects that lists touch.
    """

    def __init__(self, setup: ServerSetup) -> None:
        self._shipped = setup.levels
        self._objects = {
            (one.resource, one.namespace): one.objects for one in setup.services if one.verb == "list"
        }
        self._levels = {one.name: Level(one) for one in setup.levels}
        self._inside: dict[str, tuple[Level, Waiter]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.holders: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()
        self.configure(setup.plane)

    def configure(self, plane: ControlPlane) -> None:
        """Take on limits: seats of the levels by their shares."""
        self._plane = plane
        self._probes = plane.version is None or plane.version.at_least(PROBES_SINCE)
        found = plane.number("queue_wait_limit_s")
        self._wait_s = fair_queue.QUEUE_WAIT_LIMIT_S if found is None or found < 0.0 else found
        self._wide, self._borrows = bool(plane.flag("seats_per_list")), bool(plane.flag("borrowing"))
        self._total = plane.limit("mutating") + plane.limit("readonly")
        shares = sum(max(0, one.shares) for one in self._shipped)
        for one in self._shipped:
            self._levels[one.name].resize(self._bounds(one, shares))
        if self._borrows and self._timer is None:
            self._wait_for_adjustment()

    def close(self) -> None:
        """Adjust no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _wait_for_adjustment(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(priority_levels.ADJUST_PERIOD_S, self._adjust)

    def _bounds(self, one: PriorityLevel, shares: int) -> priority_levels.Bounds:
        nominal = priority_levels.nominal_seats(self._total, max(0, one.shares), shares)
        return priority_levels.bounds(nominal, one.lendable_percent, one.borrow_percent, self._total)

    def taken(self, kind: str) -> int:
        """Seats held of all levels that limit, told as mutating; there are no read-only ones."""
        if kind != "mutating":
            return 0
        return sum(one.in_use for one in self._levels.values() if not one.exempt)

    def executing(self, kind: str) -> int:
        """Requests of a kind that execute."""
        return self._kinds[kind]

    def views(self, ahead_s: float) -> tuple[LevelView, ...]:
        """All levels at this moment.

        Args:
            ahead_s: The lab's clock less the loop's, s.
        """
        held: dict[Level, list[Held]] = defaultdict(list)
        for level, waiter in self._inside.values():
            started = waiter.started + ahead_s if waiter.executes else None
            one = Held(waiter.exchange, waiter.queue, waiter.seats, waiter.arrived + ahead_s, started)
            held[level].append(one)
        return tuple(level.view(name, held[level]) for name, level in self._levels.items())

    def queued(self) -> int:
        """Requests that wait in queues."""
        return sum(one.queued for one in self._levels.values())

    async def enter(self, exchange: Exchange) -> str:
        """Take seats, waiting for them if need be; gives why there are none, empty if the request may pass."""
        exchange.priority_level, exchange.flow_schema = self._belongs(exchange)
        level = self._levels.get(exchange.priority_level)
        if level is None:
            return ""
        waiter = Waiter(self._seats(exchange), asyncio.get_running_loop().time(), exchange)
        self._inside[exchange.audit_id] = (level, waiter)
        if level.exempt:
            level.seat(waiter)
            self._kinds[LIMITS[exchange.info.read_only]] += 1
            return ""
        user = exchange.acting.name
        refused = await self._place(level, waiter, user)
        if refused:
            del self._inside[exchange.audit_id]
            return refused
        self._kinds[LIMITS[exchange.info.read_only]] += 1
        exchange.seats = waiter.seats
        self.holders[user] += waiter.seats
        return ""

    def _belongs(self, exchange: Exchange) -> Place:
        user, info = exchange.acting, exchange.info
        if self._probes and info.verb == "get" and info.path in PROBED:
            return Place(EXEMPT, "probes")
        return place_of(
            self._plane, user=user.name, groups=",".join(user.groups), resource=info.resource, verb=info.verb
        )

    async def _place(self, level: Level, waiter: Waiter, flow: str) -> str:
        """Seat a request at once, or queue it until a seat is free."""
        if not level.queues:
            if fair_queue.arrive_without_queues(level.in_use, level.limit) == fair_queue.REJECT:
                level.rejected += 1
                return CONCURRENCY
            level.seat(waiter)
            return ""
        if not level.enqueue(waiter, _hash(flow)):
            level.rejected += 1
            return QUEUE_FULL
        level.call_next()
        if waiter.seated.done():
            return ""
        done, _ = await asyncio.wait({waiter.seated}, timeout=self._wait_s)
        if done:
            return ""
        level.withdraw(waiter)
        level.timed_out += 1
        return TIME_OUT

    def leave(self, exchange: Exchange) -> int:
        """Give the seats back, and let the next ones in; gives how many seats are still held."""
        found = self._inside.pop(exchange.audit_id, None)
        if found is None:
            return self.taken("mutating")
        level, waiter = found
        self._kinds[LIMITS[exchange.info.read_only]] -= 1
        level.leave(waiter)
        if not level.exempt:
            level.call_next()
            name = exchange.acting.name
            self.holders[name] -= waiter.seats
            if not self.holders[name]:
                del self.holders[name]
        return self.taken("mutating")

    def _seats(self, exchange: Exchange) -> int:
        info = exchange.info
        if not self._wide or info.verb != "list":
            return width.ORDINARY.seats
        return width.list_width(self._objects.get((info.resource, info.namespace), 0)).seats

    def _adjust(self) -> None:
        """From 1.26, every 10 s: set the seats of all levels anew by their demand."""
        self._wait_for_adjustment()
        shared = [level for level in self._levels.values() if not level.exempt]
        demand = [level.demand() for level in shared]
        target, high = [one.smoothed for one in demand], [one.high for one in demand]
        least = [
            priority_levels.floor_seats(level.bounds, most) for level, most in zip(shared, high, strict=True)
        ]
        most = [float(level.bounds.most) for level in shared]
        seats = [0.0] * len(shared)
        total = float(sum(level.bounds.nominal for level in shared))
        priority_levels.divide(total, target, least, most, seats)
        for level, found in zip(shared, seats, strict=True):
            level.limit = max(1, int(found + 0.5))
            level.call_next()


def _hash(flow: str) -> int:
    """A number of 63 bits for a flow."""
    return int.from_bytes(blake2b(flow.encode(), digest_size=8).digest()) >> 1
