"""Published figures against predictions, as a content tree and as JSON."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from snowpit import __version__
from snowpit.forecast.cases import Comparison, Judged, Judgement
from snowpit.model.forecast import Interval
from snowpit.report.ascii_json import dumps
from snowpit.report.content import Bullets, Cell, Page, Paragraph, Section, Table
from snowpit.report.figures import plural, share

SCHEMA = "snowpit.cases/v1"
HEAD = ("case", "figure", "published", "predicted", "unit", "tolerance", "by", "verdict")
FIGURES = frozenset({2, 3, 5})


def page(judged: Sequence[Judged]) -> Page:
    """All figures in one table, then the cases in words with what there is to say of their figures."""
    rows = tuple(_row(one, item) for one in judged for item in one.comparisons)
    return Page(
        "snowpit cases",
        (
            Section("Answer", (Paragraph(answer(judged), "strong"),)),
            Section("Figures", (Table(HEAD, rows, right=FIGURES),)),
            Section("Cases", tuple(_case(one) for one in judged)),
        ),
    )


def answer(judged: Sequence[Judged]) -> str:
    """How many figures are hit, in a sentence or two."""
    counted = Counter(item.judgement for one in judged for item in one.comparisons)
    compared = counted[Judgement.HIT] + counted[Judgement.MISS]
    head = (
        f"Of {plural(compared, 'figure')} that were predicted {counted[Judgement.HIT]} lie within the tolerance and"
        f" {counted[Judgement.MISS]} do not; {counted[Judgement.NOT_MODELLED]} are not modelled."
    )
    left = counted[Judgement.LEFT_OUT]
    return f"{head} {left} take a simulation and were left out." if left else head


def _row(judged: Judged, item: Comparison) -> tuple[Cell, ...]:
    figure = item.figure
    return (
        judged.case.id,
        f"{figure.what} (derived)" if figure.derived else figure.what,
        "-" if figure.published is None else number(figure.published),
        "-" if item.predicted is None else interval(item.predicted),
        figure.unit,
        share(figure.tolerance) if item.how else "-",
        item.how or "-",
        item.judgement.value,
    )


def number(value: float) -> str:
    """A number with about three digits.

    >>> number(16.5), number(6750.0), number(0.934), number(1.0)
    ('16.5', '6,750', '0.934', '1')
    """
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"  # noqa: PLR2004 - four digits and more


def interval(value: Interval) -> str:
    """A prediction with its interval, where it has one."""
    low, middle, high = number(value.low), number(value.median), number(value.high)
    return middle if low == high else f"{middle} ({low} to {high})"


def _case(judged: Judged) -> Section:
    case = judged.case
    where = f"{case.where}; {case.year}" if case.year else case.where
    said = tuple(
        f"{item.figure.what}: {item.judgement.value}. {remark}"
        for item in judged.comparisons
        if (remark := item.figure.not_modelled or item.figure.note)
    )
    told = (
        Paragraph(case.account),
        Paragraph(f"What ended it: {case.resolution}"),
        Paragraph(", ".join(case.threads), "quiet"),
    )
    return Section(f"{case.id}: {case.title}", (*told, Bullets(said)) if said else told, note=where)


def render_json(judged: Sequence[Judged]) -> str:
    """The same as JSON text: versioned, complete."""
    return dumps(
        {
            "schema": SCHEMA,
            "snowpit": __version__,
            "answer": answer(judged),
            "cases": [_document(one) for one in judged],
        }
    )


def _document(judged: Judged) -> dict[str, Any]:
    case = judged.case
    return {
        "id": case.id,
        "title": case.title,
        "where": case.where,
        "year": case.year,
        "account": case.account,
        "resolution": case.resolution,
        "threads": list(case.threads),
        "given": dict(case.given),
        "figures": [_figure(item) for item in judged.comparisons],
    }


def _figure(item: Comparison) -> dict[str, Any]:
    figure = item.figure
    return {
        "id": figure.id,
        "what": figure.what,
        "unit": figure.unit,
        "published": figure.published,
        "derived": figure.derived,
        "tolerance": figure.tolerance,
        "predicted": None if item.predicted is None else item.predicted._asdict(),
        "by": item.how or None,
        "verdict": item.judgement.value,
        "not_modelled": figure.not_modelled or None,
        "note": figure.note or None,
    }
