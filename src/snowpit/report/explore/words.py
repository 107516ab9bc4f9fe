"""What explorations say, as content trees: the table of a sweep, the grid of a map, branches, sensitivities."""

from collections import Counter
from collections.abc import Sequence

from snowpit.forecast.explore.axes import Settings
from snowpit.forecast.explore.gathered import (
    STATES,
    Exploration,
    edge_of,
    middle,
    numbers,
    state_of,
    tips,
    typical,
    verdicts,
)
from snowpit.forecast.explore.questions import Answer
from snowpit.model.forecast import State
from snowpit.observe.replications import Spread
from snowpit.report.content import Block, Bullets, Cell, Code, Page, Paragraph, Section, Table
from snowpit.report.figures import count, plural, rate, seconds, share

SIGNS = {State.HEALTHY: ".", State.VULNERABLE: "v", State.SELF_SUSTAINING: "S", State.OVERLOADED: "X"}
MEANINGS = {
    State.HEALTHY: "no bad state: it drains even from a deep start",
    State.VULNERABLE: "a bad state exists, but the scenario's own trigger does not reach it",
    State.SELF_SUSTAINING: "the scenario's own trigger, or its start, tips it for good",
    State.OVERLOADED: "it fails without any trigger, and closed forms agree",
}
CAVEATS = (
    (
        "A trial ends early when it is calm for 180 s, or when 15 minutes and three times the transient that closed forms"
        " predict have passed and the queue still grows; else at 6 to 12 times that transient. Near an edge a trial that"
        " counts as failing may heal later."
    ),
    "Kicks are reads that nobody waits for, queued at once at the loopback limiter of every API server, on a full bucket.",
)


def sweep(found: Exploration) -> Page:
    """The table of a sweep: outcomes at every point."""
    head = (
        *(axis.label for axis in found.axes),
        "fails",
        "interval",
        "outcomes",
        "recovery",
        "wait at end",
        "goodput",
    )
    rows = tuple((*_place(at), *_ending(answers)) for at, answers in found.by_place.items())
    figures = frozenset(range(len(found.axes))) | {len(found.axes) + step for step in (0, 1, 3, 4, 5)}
    return Page(
        "snowpit sweep",
        (
            Section("Answer", (Paragraph(sweep_answer(found), "strong"),)),
            Section("Points", (Table(head, rows, right=figures),), note=_note(found)),
        ),
    )


def sweep_answer(found: Exploration) -> str:
    """How many points fail, in one sentence."""
    failing = [at for at, answers in found.by_place.items() if tips(answers).value >= 0.5]  # noqa: PLR2004 - most seeds
    total = len(found.by_place)
    head = f"{found.scenario.name} fails to its end in most seeds at {count(len(failing))} of {plural(total, 'point')}"
    if not failing or len(failing) == total:
        return f"{head}."
    return f"{head}; the first one is {_words(found, failing[0])}."


def _words(found: Exploration, at: Settings) -> str:
    return ", ".join(f"{axis.label} {value}" for axis, (_, value) in zip(found.axes, at, strict=True))


def _note(found: Exploration) -> str:
    return f"{plural(len(found.seeds), 'seed')} each"


def _place(at: Settings) -> tuple[Cell, ...]:
    return tuple(value for _, value in at)


def _ending(answers: Sequence[Answer]) -> tuple[Cell, ...]:
    fails = tips(answers)
    kinds = ", ".join(f"{kind} {number}" for kind, number in verdicts(answers).items() if number)
    good = middle(answers, "goodput_per_s")
    wait = typical(answers, "wait_s")
    return (
        share(fails.value),
        f"{100 * fails.low:.0f}-{100 * fails.high:.0f} %",
        kinds or "-",
        _span(middle(answers, "recovered_after_s")),
        seconds(wait) if wait else "-",
        "-" if good is None else f"{rate(good.median)} /s",
    )


def _span(found: Spread | None) -> str:
    if found is None:
        return "-"
    if found.low == found.high:
        return seconds(found.median)
    return f"{seconds(found.median)} ({seconds(found.low)} to {seconds(found.high)})"


def stability(found: Exploration) -> Page:
    """The map as a grid of letters, with what the letters mean."""
    counted = Counter(state_of(answers) for answers in found.by_place.values())
    legend = tuple(
        f"{SIGNS[kind]} {kind.value}, {plural(counted[kind], 'point')}: {MEANINGS[kind]}" for kind in STATES
    )
    blocks: list[Block] = [
        Section("Answer", (Paragraph(map_answer(found), "strong"),)),
        Section("Map", (Code(grid(found)), Bullets(legend)), note=_note(found)),
    ]
    edges = _edges(found)
    blocks += [Section("Smallest kick that tips", (Paragraph(edges),))] if edges else []
    return Page("snowpit map", (*blocks, Section("Bear in mind", (Bullets(CAVEATS),), quiet=True)))


def map_answer(found: Exploration) -> str:
    """Shares of the map by state, and how many points closed forms settled."""
    states = [state_of(answers) for answers in found.by_place.values()]
    shares = [f"{share(states.count(kind) / len(states))} {kind.value}" for kind in STATES if kind in states]
    closed = sum(answer.get("by") == "closed form" for point in found.by_place.values() for answer in point)
    total = len(found.points)
    return (
        f"{found.scenario.name} over {plural(len(states), 'point')}: {', '.join(shares)};"
        f" closed forms settled {share(closed / total)} of the trials from a deep start."
    )


def grid(found: Exploration) -> str:
    """One letter a point, y upwards, x to the right, with the values beside."""
    across, up = found.axes
    width = max(len(value) for value in up.values)
    lines = [
        f"{high:>{width}} " + "".join(SIGNS[_state(found, x, high)] for x in across.values)
        for high in reversed(up.values)
    ]
    ends = f"{' ' * width} {across.values[0]}"
    ends += f"{across.values[-1]:>{max(1, len(across.values) - len(across.values[0]))}}"
    return "\n".join((f"{up.label} (up), {across.label} (across)", *lines, ends))


def _state(found: Exploration, x: str, y: str) -> State:
    across, up = found.axes
    return state_of(found.by_place[(across.key, x), (up.key, y)])


def _edges(found: Exploration) -> str:
    sizes = [size for answers in found.by_place.values() if (size := edge_of(answers)) is not None]
    if not sizes:
        return ""
    return (
        f"Between {count(min(sizes))} and {count(max(sizes))} look-ups over {plural(len(sizes), 'point')}, by bisection"
        " with the first seed to 9 %; closed forms start the search and are printed beside it in the data."
    )


def hysteresis(found: Exploration) -> Page:
    """Both branches over one parameter, and the edge between them."""
    head = (
        found.axes[0].label,
        "waiting, healthy",
        "waiting, kicked",
        "kicked fails",
        "edge, look-ups",
        "goodput, healthy",
        "goodput, kicked",
    )
    rows = tuple((*_place(at), *_branch(answers)) for at, answers in found.by_place.items())
    return Page(
        "snowpit hysteresis",
        (
            Section("Answer", (Paragraph(hysteresis_answer(found), "strong"),)),
            Section("Branches", (Table(head, rows, right=frozenset(range(len(head)))),), note=_note(found)),
            Section("Bear in mind", (Bullets(CAVEATS),), quiet=True),
        ),
    )


def hysteresis_answer(found: Exploration) -> str:
    """Where two states exist, in one sentence."""
    axis = found.axes[0]
    both = [at[0][1] for at, answers in found.by_place.items() if _bistable(answers)]
    if not both:
        return f"{found.scenario.name}: at no value of {axis.label} do most seeds find two states."
    return (
        f"{found.scenario.name} has two states at {plural(len(both), 'value')} of {axis.label}, from {both[0]} to"
        f" {both[-1]}: it stays well until a kick beyond the edge, and from there it does not come back."
    )


def _bistable(answers: Sequence[Answer]) -> bool:
    two = [answer["kicked_fails"] and not answer["healthy_fails"] for answer in answers]
    return 2 * sum(map(bool, two)) > len(two)


def _branch(answers: Sequence[Answer]) -> tuple[Cell, ...]:
    fails = numbers(answers, "kicked_fails")
    size = edge_of(answers)
    return (
        _figure(typical(answers, "healthy_backlog")),
        _figure(typical(answers, "kicked_backlog")),
        share(sum(fails) / len(fails)),
        "-" if size is None else count(size),
        _figure(typical(answers, "healthy_goodput_per_s")),
        _figure(typical(answers, "kicked_goodput_per_s")),
    )


def _figure(value: float | None) -> str:
    return "-" if value is None else rate(value) if value else "0"
