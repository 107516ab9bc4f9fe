"""What moves the edge and the recovery: as a page, as JSON, and as a figure."""

from collections.abc import Mapping
from dataclasses import dataclass

from matplotlib.figure import Figure

from snowpit import __version__
from snowpit.forecast.explore.run import Point
from snowpit.forecast.explore.sensitivity import Effect
from snowpit.report.as_json import plain
from snowpit.report.ascii_json import dumps
from snowpit.report.content import Block, Bullets, Page, Paragraph, Section, Table
from snowpit.report.explore.figure import BLUE, Drawing, drawn
from snowpit.report.figures import plural
from snowpit.report.visible import visible

SCHEMA = "snowpit.sensitivity/v1"
WORDS = {"critical_lookups": "smallest kick that tips", "recovery_s": "time to recover from the own trigger"}
NOTES = (
    "Effects are of logarithms: 1 is a factor of ten over the range of a parameter.",
    "What never tips counts as tipped by a deep start, what does not recover as recovering at the horizon.",
    "A spread as large as the effect says that it depends on where the other parameters stand.",
    "An index whose interval reaches beyond 1 or below 0 needs more samples.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found.

    Args:
        scenario: Name of the scenario.
        screened: Morris' effects by response.
        shares: Sobol's indices by response, of the parameters that matter.
        points: Every point with its answer.
    """

    scenario: str
    screened: Mapping[str, tuple[Effect, ...]]
    shares: Mapping[str, tuple[Effect, ...]]
    points: tuple[Point, ...]


def build(found: Found) -> Page:
    """The page of a sensitivity."""
    blocks: list[Block] = [Section("Answer", (Paragraph(answer(found), "strong"),))]
    for name, label in WORDS.items():
        tables: list[Block] = [
            _table(found.screened[name], ("effect over its range", "+/-", "spread")),
            _table(found.shares[name], ("total share", "+/-", "by itself")),
        ]
        kept = tuple(block for block in tables if isinstance(block, Table) and block.rows)
        nothing = (Paragraph("It is the same at every point."),)
        blocks.append(Section(label.capitalize(), kept or nothing))
    blocks.append(Section("Bear in mind", (Bullets(NOTES),), quiet=True))
    return Page("snowpit sensitivity", tuple(blocks))


def answer(found: Found) -> str:
    """The parameter that moves each response most, in one sentence."""
    parts = [
        f"the {WORDS[name]} is moved most by {effects[0].label} ({effects[0].size:.2g} decades over its range)"
        for name, effects in found.screened.items()
        if effects
    ]
    head = f"{found.scenario}, {plural(len(found.points), 'trial')}"
    return f"{head}: {'; '.join(parts) or 'nothing moves anything'}."


def _table(effects: tuple[Effect, ...], head: tuple[str, ...]) -> Table:
    rows = tuple(
        (effect.label, f"{effect.size:.3f}", f"{effect.interval:.3f}", f"{effect.other:.3f}")
        for effect in effects
    )
    return Table(("parameter", *head), rows, right=frozenset({1, 2, 3}))


def render(found: Found) -> str:
    """The sensitivity as JSON text."""
    both = {"morris": found.screened, "sobol": found.shares}
    return dumps(
        {
            "schema": SCHEMA,
            "snowpit": __version__,
            "scenario": found.scenario,
            "trials": len(found.points),
            **{
                name: {response: [plain(effect) for effect in effects] for response, effects in by.items()}
                for name, by in both.items()
            },
        }
    )


def draw(found: Found) -> Drawing:
    """Effects of every parameter on both responses, with intervals."""
    caption = f"{answer(found)} Bars are Morris' mean absolute effects, lines their 95 % intervals."
    return drawn(caption, lambda figure: _bars(figure, found), size=(7.2, 3.6))


def _bars(figure: Figure, found: Found) -> None:
    panels = figure.subplots(1, len(WORDS))
    for axes, (name, label) in zip(panels, WORDS.items(), strict=True):
        effects = tuple(reversed(found.screened[name]))
        axes.barh(
            [visible(effect.label) for effect in effects],
            [effect.size for effect in effects],
            xerr=[effect.interval for effect in effects],
            color=BLUE,
        )
        axes.set_xlabel("decades over the range")
        axes.set_title(label, fontsize=9)
