"""An event loop whose time jumps: when nothing is ready, it is at once the instant of what is due next.

Timers of one instant run in the order in which they were set, so that a run is the same every time. The loop has no
sockets, threads or signals; waiting for nothing at all is an error, because it would never end. Written here, because
published virtual clocks patch a real loop and keep its ties in the order of a heap.
"""

import asyncio
import heapq
from asyncio import events
from collections.abc import Callable, Coroutine
from contextvars import Context
from math import ulp
from typing import Any, TypeVar, TypeVarTuple, Unpack

from snowpit.errors import SnowpitError

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class _Timer(events.TimerHandle):
    """A timer that knows its number."""

    __slots__ = ("number",)
    number: int

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, _Timer):
            return NotImplemented
        return (self._when, self.number) < (other._when, other.number)  # type: ignore[attr-defined]


class _Selector:
    """What the loop asks while nothing is ready: it moves time on instead of waiting."""

    def __init__(self, loop: "VirtualLoop") -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise SnowpitError(
                "The virtual lab waits for something that never comes.", "This is a defect; report it."
            )
        if timeout > 0:
            self._loop.jump()
        return []


class VirtualLoop(asyncio.BaseEventLoop):
    """The loop."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._numbers = 0
        self._clock_resolution = ulp(0.0)
        self._selector = _Selector(self)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._now

    def jump(self) -> None:
        """Go to the instant of the next timer."""
        timers = self._scheduled  # type: ignore[attr-defined]
        if timers:
            self._now = max(self._now, timers[0].when())
            self._clock_resolution = ulp(self._now)

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> events.TimerHandle:
        """As any loop does, but in order of setting within one instant."""
        timer = _Timer(when, callback, args, self, context)
        self._numbers += 1
        timer.number = self._numbers
        heapq.heappush(self._scheduled, timer)  # type: ignore[attr-defined]
        timer._scheduled = True  # type: ignore[attr-defined]  # noqa: SLF001 - what BaseEventLoop.call_at does
        return timer

    def _process_events(self, event_list: list[Any]) -> None:
        """There are no sockets."""

    def _write_to_self(self) -> None:
        """Nobody calls from another thread."""


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
