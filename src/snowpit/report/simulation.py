"""The page of a simulation: verdict, scenario, courses over time, numbers, populations, caveats."""

from collections.abc import Mapping
from itertools import pairwise

from snowpit.model.sample import Marker
from snowpit.observe.outcome import Outcome, Verdict
from snowpit.observe.replications import (
    TRACKS,
    Population,
    Spread,
    Track,
    counts,
    numbers,
    populations,
    series,
    spread,
    verdicts,
    wilson,
)
from snowpit.report.content import Block, Bullets, Cell, Lines, Page, Paragraph, Section, Table
from snowpit.report.figures import count, plural, rate, seconds, share
from snowpit.report.scenario import caveats, summary
from snowpit.report.study import Study

SIGNS = "123456789abcdefghijklmnopqrstuvwxyz"
COLUMNS = 72
"""Columns of a course over time; goodput shows the mean of its bins there, everything else the largest."""

_ALWAYS = (
    "offered",
    "goodput",
    "rejected",
    "timed_out",
    "throttle_wait",
    "seats_mutating",
    "backlog",
    "dead_work",
)
MOST_POPULATIONS = 20
LEAST_FOR_INTERVAL = 6
"""Seeds from which on a median has a 95 % interval."""

FEW = 5.0
TRACE = 0.01
CLOSE = 0.02
"""Intervals narrower than this share of the median are not printed."""


def build(study: Study) -> Page:
    """The page of a simulation."""
    blocks: list[Block] = [
        Section("Verdict", (Paragraph(answer(study), "strong"), *_warnings(study))),
        Section("Scenario", (Bullets(summary(study.scenario)),)),
    ]
    drawn = _over_time(study)
    blocks += [Section("Over time", drawn, note=_seeds_note(study))] if drawn else []
    stages = numbers(study.runs)
    blocks += (
        [Section("Before, at worst, at the end", (_stages(stages),), note=_stages_note(study))]
        if stages
        else []
    )
    who = {name: item for name, item in populations(study.runs).items() if item.calls or item.attempts}
    blocks += [Section("By population", (_populations(who),), note=_median_note(study))] if who else []
    if study.leading is None:
        blocks.append(Section("Figures of the model", (_counts(study),)))
    notes = caveats(study.scenario)
    blocks += [Section("Bear in mind", (Bullets(notes),), quiet=True)] if notes else []
    return Page("snowpit simulate", tuple(blocks))


def answer(study: Study) -> str:
    """The verdict in one or two sentences, with its share of the seeds and when it was well again."""
    leading, n = study.leading, len(study.runs)
    if leading is None:
        return f"{study.scenario.name} has no course in time that could be judged; its figures stand below."
    counted = verdicts(study.outcomes)
    low, high = wilson(counted[leading], n)
    head = f"{leading.capitalize()} in {counted[leading]} of {plural(n, 'seed')}"
    head += (
        f" (95 % interval of the share: {_percent(low)} to {_percent(high)} %): {_meaning(study, leading)}."
    )
    others = [
        f"{verdict} in {number}" for verdict, number in counted.items() if number and verdict is not leading
    ]
    return f"{head} Otherwise {', '.join(others)}." if others else head


def moment(value: float) -> str:
    """A duration or an instant without needless seconds.

    >>> moment(3600.0), moment(0.0)
    ('60 min', '0 s')
    """
    return seconds(value).removesuffix(" 0 s").removesuffix(" 0 min") if value else "0 s"


def _percent(value: float) -> str:
    return f"{100 * value:.0f}"


def _meaning(study: Study, verdict: Verdict) -> str:
    horizon = moment(study.scenario.horizon_s)
    triggers = [marker.at_s for marker in study.markers if marker.trigger]
    last = f" at {moment(triggers[-1])}" if triggers else ""
    if verdict is Verdict.HEALTHY:
        kept = f"whatever happened{last} was absorbed within 30 s" if triggers else "nothing failed"
        return f"{kept}, to the horizon of {horizon}"
    if verdict is Verdict.OVERLOADED:
        return f"it fails to the horizon of {horizon}, and no trigger was needed"
    if verdict is Verdict.STUCK:
        return f"after the trigger{last} it fails to the horizon of {horizon}"
    return _recovery(study, last)


def _recovery(study: Study, last: str) -> str:
    """Times of recovery over the seeds that recovered."""
    ended = [item for item in study.outcomes if item.verdict is Verdict.RECOVERED]
    text = f"well again {_time([item.recovered_after_s for item in ended])} after the trigger{last}"
    if not last:
        text = f"well again {_time([item.recovered_after_s for item in ended])} after it first failed"
    healed = [item.recovered_after_intervention_s for item in ended]
    if all(value is not None for value in healed):
        title = next((m.title for m in reversed(study.markers) if not m.trigger), "the intervention")
        text += f', {_time(healed)} after "{title}"'
    return text


def _time(values: list[float | None]) -> str:
    found = spread([value for value in values if value is not None])
    if found.low == found.high:
        return moment(found.median)
    return f"{moment(found.median)} (median; {moment(found.low)} to {moment(found.high)})"


def _warnings(study: Study) -> tuple[Block, ...]:
    found = [study.warning] if study.warning and _failing(study.outcomes) else []
    grown = sorted({item.diverged for item in study.outcomes if item.diverged})
    found += [
        f"A bound was outgrown and the run ended there: {text}. It counts as failing to the horizon."
        for text in grown
    ]
    return tuple(Paragraph(text, "warning") for text in found)


def _failing(outcomes: tuple[Outcome, ...]) -> bool:
    return any(item.verdict in (Verdict.STUCK, Verdict.OVERLOADED) for item in outcomes)


def _seeds_note(study: Study) -> str:
    return "one seed" if len(study.runs) == 1 else f"median of {len(study.runs)} seeds in each bin"


def _median_note(study: Study) -> str:
    return "one seed, whole run" if len(study.runs) == 1 else f"median of {len(study.runs)} seeds, whole run"


def _stages_note(study: Study) -> str:
    if len(study.runs) == 1:
        return "one seed"
    if len(study.runs) < LEAST_FOR_INTERVAL:
        return "median; in brackets all seeds where they differ"
    return "median; in brackets its 95 % interval where it is wide"


def _over_time(study: Study) -> tuple[Block, ...]:
    found = series(study.runs)
    drawn = []
    for track in TRACKS:
        values = tuple(item.median for item in found.get(track.name, ()))
        if values and _worth(track, max(values)):
            drawn.append((track.label, _columns(values, track), f"max {_value(max(values), track)}"))
    if not drawn:
        return ()
    horizon = study.scenario.horizon_s
    markers = study.markers[: len(SIGNS)]
    signs = tuple((marker.at_s / horizon, sign) for marker, sign in zip(markers, SIGNS, strict=False))
    lines = Lines(tuple(drawn), "0 s", moment(horizon), signs=signs)
    legend = tuple(map(_legend, SIGNS, markers))
    more = len(study.markers) - len(markers)
    legend += (f"and {more} more events",) if more else ()
    return (lines, Bullets(legend, mark="")) if legend else (lines,)


def _worth(track: Track, most: float) -> bool:
    """Whether a track is shown: the main ones always, others if more than a trickle goes through them."""
    return track.name in _ALWAYS or most >= (FEW if track.unit == "requests" else TRACE)


def _legend(sign: str, marker: Marker) -> str:
    return (
        f"{sign}  {moment(marker.at_s)}: {marker.title} ({'trigger' if marker.trigger else 'intervention'})"
    )


def _columns(values: tuple[float, ...], track: Track) -> tuple[float, ...]:
    """At most as many values as columns."""
    if len(values) <= COLUMNS:
        return values
    bounds = [len(values) * place // COLUMNS for place in range(COLUMNS + 1)]
    if track.worst == "min":
        return tuple(sum(values[low:high]) / (high - low) for low, high in pairwise(bounds))
    return tuple(max(values[low:high]) for low, high in pairwise(bounds))


def _value(value: float, track: Track) -> str:
    if track.unit == "s":
        return moment(value)
    if track.unit == "share":
        return share(value)
    return f"{rate(value)} {track.unit}" if value else f"0 {track.unit}"


def _stages(found: Mapping[str, Mapping[str, Spread]]) -> Table:
    rows = []
    for track in TRACKS:
        stages = found.get(track.name)
        if stages and _worth(track, max(value.high for value in stages.values())):
            rows.append(
                (track.label, *(_spread(stages[stage], track) for stage in ("before", "worst", "end")))
            )
    return Table(("", "before", "worst minute", "end"), tuple(rows), right=frozenset({1, 2, 3}))


def _spread(value: Spread, track: Track) -> str:
    if value.high - value.low <= CLOSE * abs(value.median):
        return _value(value.median, track)
    bounds = f"[{_bare(value.low, track)}, {_bare(value.high, track)}]"
    return f"{_value(value.median, track)} {bounds}"


def _bare(value: float, track: Track) -> str:
    return (
        _value(value, track).removesuffix(f" {track.unit}")
        if track.unit not in ("s", "share")
        else _value(value, track)
    )


def _populations(found: Mapping[str, Population]) -> Table:
    ordered = sorted(found.items(), key=lambda item: -item[1].calls)[:MOST_POPULATIONS]
    head = ("population", "calls", "ended well", "given up", "attempts", "429", "timed out", "mean time")
    rows = tuple(map(_population, ordered))
    return Table(head, rows, right=frozenset(range(1, len(head))), shorten=frozenset({0}))


def _population(item: tuple[str, Population]) -> tuple[Cell, ...]:
    name, who = item
    return (
        name,
        count(who.calls),
        "-" if who.good_share is None else share(who.good_share),
        count(who.failed),
        count(who.attempts),
        count(who.refusals),
        count(who.timeouts),
        seconds(who.sojourn_s),
    )


def _counts(study: Study) -> Table:
    rows = tuple(
        (name.replace("_", " "), f"{value.median:.6g}") for name, value in counts(study.runs).items()
    )
    return Table(("figure", "value"), rows, right=frozenset({1}))
