"""A prediction held against a published figure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from snowpit.forecast.cases.predictions import PREDICTIONS, SIMULATION
from snowpit.knowledge.cases import Case, Published
from snowpit.model.forecast import Interval

Progress = Callable[[str, int, int], None]
"""Told what is computed, how many figures are done, and of how many."""


class Judgement(StrEnum):
    """How a prediction compares.

    hit: The published number lies within the prediction's interval, widened by the tolerance. miss: It does not.
    not modelled: Nothing predicts it. left out: Only simulation predicts it, and that was not asked for.
    """

    HIT = "hit"
    MISS = "miss"
    NOT_MODELLED = "not modelled"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One figure.

    Args:
        figure: As published.
        how: ``closed form``, ``fact`` or ``simulation``; empty if nothing predicts it.
        predicted: The prediction; null if there is none.
        judgement: How it compares.
    """

    figure: Published
    how: str
    predicted: Interval | None
    judgement: Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A case with its figures compared."""

    case: Case
    comparisons: tuple[Comparison, ...]


def compare(
    cases: Sequence[Case], *, quick: bool = False, progress: Progress | None = None
) -> tuple[Judged, ...]:
    """Predict the figures of cases and compare.

    Args:
        cases: The cases.
        quick: Closed forms and facts only.
        progress: Told how far it has come.
    """
    total, done = sum(len(case.figures) for case in cases), 0
    found: list[Judged] = []
    for case in cases:
        compared: list[Comparison] = []
        for figure in case.figures:
            if progress is not None:
                progress(f"{case.id}: {figure.what}", done, total)
            compared.append(_compared(case, figure, quick=quick))
            done += 1
        found.append(Judged(case=case, comparisons=tuple(compared)))
    return tuple(found)


def _compared(case: Case, figure: Published, *, quick: bool) -> Comparison:
    if figure.not_modelled or figure.published is None:
        return Comparison(figure=figure, how="", predicted=None, judgement=Judgement.NOT_MODELLED)
    prediction = PREDICTIONS[f"{case.id}.{figure.id}"]
    if quick and prediction.how == SIMULATION:
        return Comparison(figure=figure, how=prediction.how, predicted=None, judgement=Judgement.LEFT_OUT)
    predicted = prediction.make(case.given)
    return Comparison(
        figure=figure, how=prediction.how, predicted=predicted, judgement=_judged(figure, predicted)
    )


def _judged(figure: Published, predicted: Interval) -> Judgement:
    published = figure.published or 0.0
    allowed = figure.tolerance * abs(published)
    inside = predicted.low - allowed <= published <= predicted.high + allowed
    return Judgement.HIT if inside else Judgement.MISS
