"""The page of a forecast: state, recovery, headroom, remedies, plan, and how the scenario was read off the evidence."""

from math import inf, isfinite

from snowpit.model.forecast import (
    Critical,
    Forecast,
    Headroom,
    Interval,
    PlanStep,
    Recovery,
    Remedy,
    Share,
    State,
)
from snowpit.report.content import Block, Bullets, Lines, Page, Paragraph, Section, Table
from snowpit.report.figures import count, plural, rate, seconds

WORDS = {
    State.HEALTHY: "Healthy: no state is known from which it would not come back.",
    State.VULNERABLE: "Vulnerable: healthy, but a trigger that happens can tip it for good.",
    State.SELF_SUSTAINING: "Self-sustaining failure: it feeds itself, and goes on without its trigger.",
    State.OVERLOADED: "Overloaded: it fails without any trigger.",
}

UNEXPLAINED = (
    "Requests fail at the end of the evidence, and the scenario made of it does not: what fails lies outside of what is"
    " forecast here. Ask snowpit diagnose for the cause."
)

EXIT_CODES = {0: "healthy", 1: "vulnerable, self-sustaining or overloaded"}
"""What the exit codes of ``snowpit forecast`` say."""


def exit_code(forecast: Forecast) -> int:
    """0 if healthy, 1 otherwise."""
    return int(forecast.state is not State.HEALTHY)


def build(forecast: Forecast) -> Page:
    """The page of a forecast."""
    blocks: list[Block] = [_state(forecast)]
    if forecast.recovery is not None:
        blocks.append(Section("Recovery", (Paragraph(_recovery(forecast.recovery)),)))
    if forecast.critical:
        note = "size of a trigger that tips it while it is healthy"
        blocks.append(Section("Triggers", (_critical(forecast.critical),), note=note))
    if forecast.headroom:
        note = "how far each value is from the edge of another state"
        blocks.append(Section("Headroom", (_headroom(forecast.headroom),), note=note))
    if forecast.remedies:
        blocks.append(_remedies(forecast))
    if forecast.plan:
        blocks.append(Section("Plan", tuple(_step(*item) for item in enumerate(forecast.plan, start=1))))
    if forecast.calibration is not None:
        from snowpit.report import calibration  # noqa: PLC0415 - a scenario has none, and is to be judged at once

        blocks += calibration.sections(forecast.calibration, quiet=True)
    blocks += [Section("Bear in mind", (Bullets(_remarks(forecast)),), quiet=True)]
    return Page("snowpit forecast", tuple(blocks))


def answer(forecast: Forecast) -> str:
    """The verdict in two sentences."""
    return f"{WORDS[forecast.state]} {forecast.because}"


def _state(forecast: Forecast) -> Section:
    blocks: list[Block] = [Paragraph(answer(forecast), "strong")]
    if UNEXPLAINED in remarks(forecast):
        blocks.append(Paragraph(UNEXPLAINED, "warning"))
    if isfinite(forecast.capacity) and forecast.peak_demand > 0:
        blocks.append(Paragraph(_demand(forecast)))
        blocks.append(_curve(forecast))
    return Section("State", tuple(blocks), note=f"{forecast.name}, from {forecast.start}")


def _demand(forecast: Forecast) -> str:
    words = (
        f"The limiter lets {rate(forecast.capacity)} look-ups pass; while all is well"
        f" {rate(forecast.demand)} are asked for, at most {rate(forecast.peak_demand)} when misses take long."
    )
    if forecast.unstable_wait_s is None:
        return words
    bad = forecast.stable_wait_s
    end = "it grows without bound" if bad is None or bad == inf else f"it settles near {seconds(bad)}"
    return f"{words} Once a miss takes {seconds(forecast.unstable_wait_s)}, the queue grows by itself until {end}."


def _curve(forecast: Forecast) -> Lines:
    """Demand over the wait of a miss, on a logarithmic scale as the closed form looks at it."""
    points = [point for point in forecast.curve if point[0] > 0]
    values = tuple(value for _, value in points)
    remark = f"up to {rate(max(values, default=0.0))}, capacity {rate(forecast.capacity)}"
    return Lines(
        series=(("demand", values, remark),),
        start=f"a miss takes {seconds(points[0][0])}" if points else "",
        end=seconds(points[-1][0]) if points else "",
    )


def _recovery(recovery: Recovery) -> str:
    heals, minutes = recovery.heals, recovery.horizon_s / 60.0
    if heals.hits == heals.of and recovery.after_s is not None and recovery.after_s.high <= 0:
        words = f"Nothing to recover from: well in {_of(heals)}."
    elif recovery.after_s is not None:
        words = f"By itself in {_of(heals)}, after {_span(recovery.after_s)}."
    else:
        words = f"Never by itself: 0 of {plural(heals.of, 'run')} came back within {minutes:,.0f} minutes."
    if recovery.predicted_s is not None and isfinite(recovery.predicted_s):
        words += (
            f" Nothing that merely drains takes that long: closed forms predict {seconds(recovery.predicted_s)} for it."
            if recovery.after_s is None
            else f" Closed forms predict {seconds(recovery.predicted_s)} for a queue that merely drains."
        )
    if recovery.deep is not None:
        words += f" From a deep start {_of(recovery.deep)} come back."
    return words


def _of(share: Share) -> str:
    return (
        f"{share.hits} of {plural(share.of, 'run')} (95 %: {100 * share.low:.0f} to {100 * share.high:.0f} %)"
    )


def _span(interval: Interval) -> str:
    if interval.high <= 0:
        return "at once"
    if interval.low == interval.high:
        return seconds(interval.median)
    return f"{seconds(interval.median)} ({seconds(interval.low)} to {seconds(interval.high)})"


def _critical(found: tuple[Critical, ...]) -> Table:
    names = {"reconnects": "reconnects", "backlog": "backlog", "slow_lookups": "slow look-ups"}
    rows = tuple((names[one.kind], one.unit, _number(one.closed_form), _sizes(one)) for one in found)
    return Table(
        ("Trigger", "Unit", "Never below", "Simulated: 50 % (5 to 95 %)"), rows, right=frozenset({2})
    )


def _sizes(one: Critical) -> str:
    if one.simulated is not None:
        return f"{count(one.simulated.median)} ({count(one.simulated.low)} to {count(one.simulated.high)})"
    return f"not in every run up to {count(one.beyond)}" if one.beyond is not None else "not simulated"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.1f}" if value < 10 else count(round(value))  # noqa: PLR2004


def _headroom(rows: tuple[Headroom, ...]) -> Table:
    cells = tuple(
        (
            one.title,
            _number(one.value),
            "none up to a hundredfold" if one.edge is None else f"{_number(one.edge)} ({_times(one)})",
            "-" if one.edge is None else str(one.towards),
            _found(one),
        )
        for one in rows
    )
    head = ("Value", "Now", "Edge by closed form", "Beyond it", "Edge by simulation")
    return Table(head, cells, right=frozenset({1}))


def _times(one: Headroom) -> str:
    edge = one.edge or one.value
    return f"{100.0 * (edge / one.value - 1.0):+,.0f} %"


def _found(one: Headroom) -> str:
    if one.simulated is not None:
        return _number(one.simulated)
    return f"none up to {_number(one.searched)}" if one.searched is not None else ""


def _remedies(forecast: Forecast) -> Section:
    rows = tuple(
        (
            one.id.replace("+", " + "),
            one.when,
            f"{one.recovers.hits} of {one.recovers.of}",
            _span(one.recovery_s) if one.recovery_s else "never",
            "" if one.prevents is None else f"{one.prevents.hits} of {one.prevents.of}",
            "yes" if one.works else "no",
        )
        for one in forecast.remedies
    )
    table = Table(("Remedy", "When", "Recovers", "After", "Prevents", "Works"), rows, right=frozenset({2, 4}))
    beside = [_words(one) for one in forecast.remedies if one.works and "+" not in one.id]
    return Section(
        "Remedies", (table, Bullets(tuple(beside))), note="simulated with the same seeds, best first"
    )


def _words(one: Remedy) -> str:
    return f"{one.id}: {one.title}. Side effects: {one.side_effects}"


def _step(number: int, step: PlanStep) -> Section:
    return Section(
        f"{number}. {step.title}",
        (Bullets(step.how), Bullets(tuple(f"watch: {words}" for words in step.watch), mark=">")),
    )


def remarks(forecast: Forecast) -> tuple[str, ...]:
    """What to bear in mind of this forecast; above all that evidence may fail for a reason that is not forecast."""
    found = forecast.calibration
    fails = found is not None and found.present.failing and forecast.start == "now"
    if fails and forecast.state in (State.HEALTHY, State.VULNERABLE):
        return (UNEXPLAINED, *forecast.remarks)
    return forecast.remarks


def _remarks(forecast: Forecast) -> tuple[str, ...]:
    usual: tuple[str, ...] = (
        "Closed forms take many tokens out of phase at one API server; a queue below their edge drains, one above it may.",
        "Headroom and triggers hold for a cluster that is otherwise as described; two values moved at once move the edge.",
    )
    if not forecast.seeds:
        usual = (*usual, "Nothing was simulated: leave out --quick for recovery, remedies and intervals.")
    return (*forecast.remarks, *usual)
