"""Runs the jobs of an exploration: those that the journal does not know yet, on a back end, in any order."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from snowpit.cluster.scenario import Scenario
from snowpit.forecast.explore.axes import Settings
from snowpit.forecast.explore.back_ends import LOCAL, opened, results
from snowpit.forecast.explore.journal import Journal, Key, head
from snowpit.forecast.explore.questions import Answer, Job, answered

Progress = Callable[[int, int], None]
"""Told how many jobs of this run are done, and of how many; those of the journal are not among them."""


class Point(NamedTuple):
    """One answer with its place.

    Args:
        at: What was set.
        seed: Seed.
        answer: The answer.
    """

    at: Settings
    seed: int
    answer: Answer


def explore(
    base: Scenario,
    jobs: Sequence[Job],
    *,
    cluster: str = LOCAL,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> tuple[Point, ...]:
    """Answers to all jobs, in their order, whatever the back end.

    Args:
        base: The scenario that the jobs vary.
        jobs: At least one, all of one question.
        cluster: As ``back_ends.opened`` takes it.
        folder: Where finished jobs are kept and taken from; null keeps none.
        progress: Told how far it has come.

    Raises:
        SnowpitError: If the journal or the cluster cannot be used, or a scenario cannot be simulated.
    """
    if folder is None:
        return _points(jobs, _computed(jobs, cluster=cluster, journal=None, progress=progress))
    with Journal(folder, head(base, jobs[0].question)) as journal:
        todo = [job for job in jobs if _key(job) not in journal.done]
        found = _computed(todo, cluster=cluster, journal=journal, progress=progress)
        return _points(jobs, {**journal.done, **found})


def _computed(
    jobs: Sequence[Job], *, cluster: str, journal: Journal | None, progress: Progress | None
) -> dict[Key, Answer]:
    found: dict[Key, Answer] = {}
    if not jobs:
        return found
    with opened(cluster) as where:
        for place, answer in results(answered, jobs, where):
            key = _key(jobs[place])
            if journal is not None:
                journal.add(key, answer)
            found[key] = answer
            if progress is not None:
                progress(len(found), len(jobs))
    return found


def _points(jobs: Sequence[Job], found: Mapping[Key, Answer]) -> tuple[Point, ...]:
    return tuple(Point(job.at, job.seed, found[_key(job)]) for job in jobs)


def _key(job: Job) -> Key:
    return job.at, job.seed
