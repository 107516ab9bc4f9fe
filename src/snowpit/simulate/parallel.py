"""Many runs on all cores: each is judged where it ends, so that only what is asked of it is kept."""

import os
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import NamedTuple, TypeVar

from snowpit.cluster.scenario import Scenario
from snowpit.model.sample import Run
from snowpit.simulate import simulate

T = TypeVar("T")

Progress = Callable[[int, int], None]
"""Told how many runs are done, and of how many; also now and then in between."""

Stop = Callable[[Run], bool]
"""Given a run as far as it has come, says whether that is enough."""

TICK_S = 0.2


class Job(NamedTuple):
    """One run to make."""

    scenario: Scenario
    seed: int


def run_all(
    jobs: Sequence[Job],
    judge: Callable[[Job, Run], T],
    *,
    progress: Progress | None = None,
    stop: Callable[[Scenario], Stop] | None = None,
) -> tuple[T, ...]:
    """Make all runs and give what the judge says of each, in order of jobs.

    Threads are enough: the event loop is compiled and runs without the interpreter's lock. They are daemons, so that
    Ctrl-C need not wait for a run to end.

    Args:
        jobs: Scenario and seed of each run.
        judge: Called in the thread of the run.
        progress: Told how far it has come.
        stop: Gives, for a scenario, what says of a run so far whether it is enough; null lets all reach their horizons.

    Raises:
        ScenarioError: If a scenario cannot be simulated; runs that have not begun are left.
    """
    todo: SimpleQueue[int] = SimpleQueue()
    done: SimpleQueue[tuple[int, T | Exception]] = SimpleQueue()
    for place in range(len(jobs)):
        todo.put(place)

    def work() -> None:
        while True:
            try:
                place = todo.get_nowait()
            except Empty:
                return
            try:
                job = jobs[place]
                enough = stop(job.scenario) if stop else None
                done.put((place, judge(job, simulate(job.scenario, seed=job.seed, stop=enough))))
            except Exception as error:  # noqa: BLE001 - raised again where it is awaited
                done.put((place, error))

    for _ in range(min(cores(), len(jobs))):
        Thread(target=work, daemon=True).start()
    return _collected(done, todo, len(jobs), progress or _silent)


def _collected(
    done: SimpleQueue[tuple[int, T | Exception]],
    todo: SimpleQueue[int],
    total: int,
    progress: Progress,
) -> tuple[T, ...]:
    """Wait for all runs; the first failure stops those that have not begun."""
    found: dict[int, T] = {}
    while len(found) < total:
        progress(len(found), total)
        try:
            place, result = done.get(timeout=TICK_S)
        except Empty:
            continue
        if isinstance(result, Exception):
            _drain(todo)
            raise result
        found[place] = result
    progress(total, total)
    return tuple(found[place] for place in range(total))


def _drain(queue: SimpleQueue[int]) -> None:
    while not queue.empty():
        try:
            queue.get_nowait()
        except Empty:
            return


def _silent(_done: int, _total: int) -> None:
    """Tell nobody."""


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
