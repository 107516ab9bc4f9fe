"""The in-flight gate: two pools of seats; full means 429 at once, and system:masters passes.

Source: kubernetes/apiserver pkg/server/filters/maxinflight.go 1.12.0.
"""

from collections import Counter

from snowpit.cluster.control_plane import NO_LIMIT, ControlPlane
from snowpit.lab.exchange import MASTERS, Exchange
from snowpit.lab.inside import LevelView
from snowpit.mechanism import seats

LIMITS = {True: "readonly", False: "mutating"}
"""Pool by whether a request is read-only."""

FULL = "full"


class Gate:
    """The gate.

    Args:
        plane: Limits.
    """

    def __init__(self, plane: ControlPlane) -> None:
        self._pools = dict.fromkeys(LIMITS.values(), seats.EMPTY)
        self._fates: dict[str, int] = {}
        self.holders: Counter[str] = Counter()
        self.configure(plane)

    def configure(self, plane: ControlPlane) -> None:
        """Take on limits; seats that are held stay held."""
        self._limits = {kind: plane.limit(kind) for kind in self._pools}
        self._limits = {kind: 0 if limit >= NO_LIMIT else limit for kind, limit in self._limits.items()}

    def taken(self, kind: str) -> int:
        """Seats held of a pool."""
        return self._pools[kind].taken

    def executing(self, kind: str) -> int:
        """Requests of a kind that execute: all that hold seats."""
        return self.taken(kind)

    def views(self, ahead_s: float) -> tuple[LevelView, ...]:  # noqa: ARG002 - as of priority levels
        """Priority levels: none."""
        return ()

    def queued(self) -> int:
        """Requests that wait: none, for the gate refuses at once."""
        return 0

    def close(self) -> None:
        """There is nothing to end."""

    async def enter(self, exchange: Exchange) -> str:
        """Take a seat; gives why there is none, empty if the request may pass."""
        kind = LIMITS[exchange.info.read_only]
        take = seats.take_privileged if MASTERS in exchange.acting.groups else seats.take
        self._pools[kind], fate = take(self._pools[kind], self._limits[kind])
        if fate == seats.REJECTED:
            return FULL
        self._fates[exchange.audit_id] = fate
        if fate == seats.SEATED:
            exchange.seats = 1
            self.holders[exchange.acting.name] += 1
        return ""

    def leave(self, exchange: Exchange) -> int:
        """Give the seat back; gives how many of its pool are still held."""
        kind = LIMITS[exchange.info.read_only]
        fate = self._fates.pop(exchange.audit_id, seats.PASSED)
        self._pools[kind] = seats.give_back(self._pools[kind], fate)
        if fate == seats.SEATED:
            name = exchange.acting.name
            self.holders[name] -= 1
            if not self.holders[name]:
                del self.holders[name]
        return self._pools[kind].taken
