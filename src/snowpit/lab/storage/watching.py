"""Watches: what happened since a revision, then what happens, one change after the other."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from snowpit.lab.storage.change import Change, Keep

PENDING_AT_MOST = 10_000
"""Changes that a slow watcher may leave unread; then its watch ends, as that of the real watch cache does."""


class Event(NamedTuple):
    """What a watcher is told.

    Args:
        kind: ``ADDED``, ``MODIFIED`` or ``DELETED``.
        value: The object (JSON).
        revision: Revision of the change.
    """

    kind: str
    value: bytes
    revision: int


class Watch:
    """One watch. ``close`` it when it is no longer read.

    Args:
        namespace: Only that namespace; empty for all.
        keep: Selector; null takes all.
        leave: Called once when it closes.
    """

    def __init__(self, namespace: str, keep: Keep | None, leave: Callable[["Watch"], None]) -> None:
        self._namespace = namespace
        self._keep = keep
        self._leave = leave
        self._events: deque[Event] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self.ended = False

    def fill(self, events: Iterable[Event]) -> None:
        """Put in events that happened before it began."""
        self._events.extend(events)

    def offer(self, change: Change) -> None:
        """Take a change, if it is to be seen."""
        if self._namespace and change.key.namespace != self._namespace:
            return
        kind = change.seen_as(self._keep)
        if not kind:
            return
        if len(self._events) >= PENDING_AT_MOST:
            self.close()
            return
        self._events.append(Event(kind, change.value, change.revision))
        self._wake()

    async def next(self, until: float | None = None) -> Event | None:
        """The next event.

        Args:
            until: The loop's time at which to stop waiting; null waits for ever.

        Returns:
            Null when the time is over or the watch has ended.
        """
        while not self._events and not self.ended:
            loop = asyncio.get_running_loop()
            if until is not None and loop.time() >= until:
                return None
            self._waiter = loop.create_future()
            timer = None if until is None else loop.call_at(until, self._wake)
            try:
                await self._waiter
            finally:
                self._waiter = None
                if timer is not None:
                    timer.cancel()
        return self._events.popleft() if self._events else None

    def close(self) -> None:
        """End it; what is unread can still be read."""
        if not self.ended:
            self.ended = True
            self._leave(self)
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
