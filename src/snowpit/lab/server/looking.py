"""Look-ups under way, and for whom: they go on when nobody waits for them any more."""

import asyncio
from contextvars import ContextVar

from snowpit.lab.authentication.loopback import Loopback
from snowpit.lab.exchange import Exchange
from snowpit.lab.server.tallies import Tallies
from snowpit.lab.wire import Response
from snowpit.lab.witness import Witness

ASKER: ContextVar[Exchange | None] = ContextVar("asker", default=None)
"""The request on whose behalf something runs; it may be over by then."""

NOBODYS = "/api/v1/namespaces/kube-system/secrets/nobody-waits"


class Looking:
    """Look-ups of one server.

    Args:
        tallies: Counts those that have ended.
        witness: Told of them.
    """

    def __init__(self, tallies: Tallies, witness: Witness) -> None:
        self._tallies, self._witness = tallies, witness
        self._askers: dict[str, Exchange] = {}
        self._nobodys: set[asyncio.Task[Response]] = set()

    def begun(self) -> None:
        """The validation of an uncached token has begun."""
        asker = ASKER.get()
        if asker is not None:
            self._askers[asker.audit_id] = asker

    def ended(self, ok: bool, seconds: float) -> None:  # noqa: FBT001 - one fact
        """It has ended."""
        asker = ASKER.get()
        if asker is not None:
            self._askers.pop(asker.audit_id, None)
        self._tallies.looked_up(dead=asker is not None and asker.deserted)
        self._witness.fetched(ok, seconds)

    def dead(self) -> int:
        """Look-ups under way that nobody waits for any more."""
        return len(self._nobodys) + sum(asker.deserted for asker in self._askers.values())

    def for_nobody(self, loopback: Loopback, lookups: int) -> None:
        """Queue reads that nobody waits for at the loopback limiter."""
        for _ in range(lookups):
            task = asyncio.ensure_future(loopback.get(NOBODYS))
            self._nobodys.add(task)
            task.add_done_callback(self._left)

    def _left(self, task: "asyncio.Task[Response]") -> None:
        self._nobodys.discard(task)
        if not task.cancelled():
            task.exception()
