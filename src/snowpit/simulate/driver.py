"""A run under way: the world, the loop that advances it, and pools that grow when the loop asks for it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from snowpit.simulate.engine import layout as at
from snowpit.simulate.engine import loop
from snowpit.simulate.engine.layout import World, records
from snowpit.simulate.world import Plan

MOST_RECORDS = 1 << 22
"""Bound of every pool; a run that needs more has diverged."""

FREE_OF = {"calls": "free_call", "requests": "free_request", "nodes": "free_node"}
"""Pool -> the counter that names its first free record."""

Rows = Callable[[Plan, at.Records], None]


@dataclass(slots=True)
class Driver:
    """A run under way.

    Args:
        plan: What is simulated; events change it.
        world: Its state.
        advance: The loop, compiled or plain.
        reset: ``loop.reset_server``, compiled or plain.
        rows: Takes finished requests; null if nobody wants them.
        overflow: What outgrew its bound.
    """

    plan: Plan
    world: World
    advance: Callable[[World, float], int]
    reset: Callable[[World, int], None]
    rows: Rows | None = None
    overflow: str = ""

    def run_to(self, until: float) -> None:
        """Advance to an instant, unless a pool outgrows its bound."""
        while not self.overflow:
            stopped = self.advance(self.world, until)
            if stopped == at.DONE:
                return
            if stopped == at.ROWS_FULL:
                self.flush()
            else:
                self.grow(stopped)

    def flush(self) -> None:
        """Hand finished requests over."""
        clock = self.world.clock[0]
        if self.rows is not None and clock.rows_n:
            self.rows(self.plan, self.world.rows[: clock.rows_n])
        clock.rows_n = 0

    def grow(self, what: int) -> None:
        """Double a pool."""
        w = self.world
        name = {at.GROW_AGENDA: "heap", at.GROW_CALLS: "calls", at.GROW_REQUESTS: "requests"}[what]
        pool = getattr(w, name)
        if len(pool) >= MOST_RECORDS:
            self.overflow = f"{name}: more than {MOST_RECORDS:,} at once, {w.clock[0].now:.0f} s into the run"
            return
        self.world = _doubled(w._replace(heap=_twice(pool)), "nodes") if name == "heap" else _doubled(w, name)

    def make_room(self, *, entries: int, requests: int = 0) -> bool:
        """Let agenda and requests grow for that many more, beyond what the loop needs; false if a bound is reached."""
        while not self.overflow and loop.agenda_room(self.world) < entries + loop.margin(self.world):
            self.grow(at.GROW_AGENDA)
        while (
            not self.overflow
            and len(self.world.requests) - self.world.clock[0].requests_used < requests + loop.MARGIN
        ):
            self.grow(at.GROW_REQUESTS)
        return not self.overflow


def _twice(pool: at.Records) -> at.Records:
    """An array of records twice as long."""
    bigger = np.zeros(2 * len(pool), dtype=pool.dtype).view(np.recarray)
    bigger[: len(pool)] = pool
    return bigger


def _doubled(w: World, name: str) -> World:
    """A pool of records twice as large; the new ones are the first to be taken."""
    pool, clock = getattr(w, name), w.clock[0]
    count = len(pool)
    bigger = _twice(pool)
    bigger.next[count:] = np.arange(count + 1, 2 * count + 1)
    free = FREE_OF[name]
    bigger.next[-1] = clock[free]
    clock[free] = count
    w = w._replace(**{name: bigger})
    if name == "requests" and len(bigger) > w.line.shape[1]:
        w = w._replace(line=_longer(w, 2 * w.line.shape[1]))
    if name == "requests" and w.clock[0].keep_rows and len(w.rows) < 2 * len(bigger):
        rows = records(at.ROW, 2 * len(bigger))
        rows[: len(w.rows)] = w.rows
        w = w._replace(rows=rows)
    return w


def _longer(w: World, places: int) -> at.Records:
    """The waiting lines of the limiters with more places, their heads at 0."""
    line = records(at.AGENDA, len(w.servers) * places).reshape(len(w.servers), places)
    for s in range(len(w.servers)):
        old, head = w.line[s], w.servers[s].line_head
        order = (head + np.arange(w.line.shape[1])) & (w.line.shape[1] - 1)
        line[s, : w.line.shape[1]] = old[order]
        w.servers[s].line_head = 0
    return line
