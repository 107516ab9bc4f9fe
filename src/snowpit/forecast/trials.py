"""Runs of one start over several seeds, and whether each recovers; a run that has long been calm ends early."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import median
from typing import NamedTuple

from snowpit.cluster.scenario import Event, Scenario
from snowpit.forecast.explore.early import calm
from snowpit.forecast.interventions import BACK_S, DOWN_S, Intervention
from snowpit.forecast.starts import LEAST_S, WARM_S, Start
from snowpit.model.forecast import Interval, Share
from snowpit.model.sample import Run
from snowpit.observe.outcome import Verdict, outcome
from snowpit.observe.replications import wilson
from snowpit.simulate.parallel import Job, run_all

Progress = Callable[[str, int, int], None]
"""Told what is being simulated, how many runs of it are done, and of how many."""


class Trial(NamedTuple):
    """How one run ended.

    Args:
        verdict: Its verdict.
        after_s: From ``now`` to the end of failure, s; null unless it recovered; 0 if it was well by then.
    """

    verdict: Verdict
    after_s: float | None

    @property
    def well(self) -> bool:
        """Whether it is healthy in the end."""
        return self.verdict in (Verdict.HEALTHY, Verdict.RECOVERED)


def trials(
    starts: Sequence[Start], seeds: Sequence[int], *, what: str, progress: Progress | None = None
) -> list[tuple[Trial, ...]]:
    """Simulate each start with each seed; the same seeds for all, so that differences are not chance.

    Args:
        starts: Starts.
        seeds: Seeds.
        what: Words for the progress.
        progress: Told how far it has come.
    """
    pairs = [(start, seed) for start in starts for seed in seeds]
    found = each(pairs, what=what, progress=progress)
    return [tuple(found[place : place + len(seeds)]) for place in range(0, len(found), len(seeds))]


def each(
    pairs: Sequence[tuple[Start, int]], *, what: str, progress: Progress | None = None
) -> tuple[Trial, ...]:
    """Simulate each start with its seed, on all cores.

    Args:
        pairs: Start and seed of each run.
        what: Words for the progress.
        progress: Told how far it has come.
    """
    told = None if progress is None else (lambda done, total: progress(what, done, total))
    runs = run_all([Job(start.scenario, seed) for start, seed in pairs], _end, progress=told, stop=calm)
    return tuple(_trial(*end, start.now_s) for end, (start, _) in zip(runs, pairs, strict=True))


def _end(job: Job, run: Run) -> tuple[Verdict, float | None]:
    """The verdict, and the instant at which failure ended."""
    ended = outcome(run, horizon_s=job.scenario.horizon_s)
    verdict = ended.verdict or Verdict.HEALTHY
    if verdict is not Verdict.RECOVERED or ended.recovered_after_s is None:
        return verdict, None
    for since, length in (
        ([one.at_s for one in run.markers if one.trigger], ended.recovered_after_s),
        ([one.at_s for one in run.markers if not one.trigger], ended.recovered_after_intervention_s),
    ):
        if since and length is not None:
            return verdict, max(since) + length
    return verdict, ended.recovered_after_s


def _trial(verdict: Verdict, ended: float | None, now: float) -> Trial:
    if verdict is Verdict.HEALTHY:
        return Trial(verdict, 0.0)
    return Trial(verdict, None if ended is None else max(0.0, ended - now))


def well(found: Sequence[Trial]) -> Share:
    """Share of runs that are healthy in the end."""
    count = sum(one.well for one in found)
    return Share(count, len(found), *wilson(count, len(found)))


def times(found: Sequence[Trial]) -> Interval | None:
    """Median, shortest and longest time to recovery over the runs that recover; null if none does."""
    spans = sorted(one.after_s for one in found if one.after_s is not None)
    return Interval(median(spans), spans[0], spans[-1]) if spans else None


def with_intervention(start: Start, change: Intervention) -> Start:
    """The start with an intervention at its instant.

    What cannot be changed while a simulation runs (the number of priority levels) comes with a restart of the changed
    cluster: of the old state nothing is left then but clients that come back at once.
    """
    if change.from_start and change.fixed is not None:
        restart = Event(
            at_s=WARM_S, action="restart", settings={"down_s": DOWN_S, "spread_s": BACK_S}, trigger=True
        )
        base = replace(change.fixed, events=(restart,), horizon_s=WARM_S + LEAST_S)
        return Start(base, WARM_S, start.title)
    acts = tuple(
        Event(at_s=start.now_s + act.after_s, action=act.action, settings=dict(act.settings))
        for act in change.acts
    )
    events = (*_idle(change.base, start.scenario), *change.base.events, *acts)
    longest = max((act.after_s for act in change.acts), default=0.0)
    base = replace(change.base, events=events, horizon_s=start.scenario.horizon_s + longest)
    return Start(base, start.now_s, start.title)


def _idle(base: Scenario, before: Scenario) -> tuple[Event, ...]:
    """API servers that stand idle until they are added."""
    return tuple(
        Event(at_s=0.0, action="lose", settings={"server": server, "spread_s": 1.0})
        for server in range(before.servers, base.servers)
    )
