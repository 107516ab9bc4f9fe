"""The agenda gives entries in order of time, and of entry where times tie, wherever they wait."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snowpit.cluster.scenario_file import load
from snowpit.simulate.engine import loop
from snowpit.simulate.engine.agenda import PER_SECOND, push, push_after
from snowpit.simulate.engine.layout import EXTRA, World
from snowpit.simulate.world import WHEEL_SLOTS, allocate, plan

TURN_S = WHEEL_SLOTS / PER_SECOND
PLAN = plan(load("single-token-1.12", overrides=["kubelets.count=1", "clients.apps.count=1"]))
delays = st.one_of(
    st.sampled_from((0.0, 1.0, 10.0, 1.0 / PER_SECOND, TURN_S, 3.0 * TURN_S)),
    st.floats(0.0, 2.0 * TURN_S, allow_nan=False),
)


def empty_world() -> World:
    """A world with nothing in its agenda."""
    w = allocate(PLAN)
    w.clock[0].ring_time, w.clock[0].ring = float("inf"), -1
    return w


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(delays, st.booleans()), min_size=1, max_size=60), delays)
def test_entries_come_in_order_of_time_then_of_entry(entries: list[tuple[float, bool]], later: float) -> None:
    w, seen, due = empty_world(), [], []

    def happen(world: World, kind: int, a: int, b: int) -> None:  # noqa: ARG001
        seen.append((float(world.clock[0].now), b))
        if b < len(entries):
            enter(world, b + len(entries), later, ring=False)

    def enter(world: World, number: int, delay: float, *, ring: bool) -> None:
        due.append((float(world.clock[0].now) + delay, int(world.clock[0].seq), number))
        if ring:
            push_after(world, number % 3, delay, EXTRA, 0, number)
        else:
            push(world, float(world.clock[0].now) + delay, EXTRA, 0, number)

    for number, (delay, ring) in enumerate(entries):
        enter(w, number, delay, ring=ring)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "happen", happen)
        loop.advance(w, 7.0 * TURN_S)
    assert seen == [(time, number) for time, _, number in sorted(due)]
    assert (int(w.clock[0].heap_n), int(w.clock[0].wheel_n)) == (0, 0)
