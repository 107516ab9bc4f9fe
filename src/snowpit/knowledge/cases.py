"""Published cases with numbers, one file each in ``cases/``: what predictions are held against."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from snowpit.knowledge.ranges import case_files, tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One figure of an account.

    Args:
        id: Id within the case.
        what: What it counts or measures.
        unit: Its unit.
        published: The number; null where the account gives none.
        derived: True for arithmetic on published numbers.
        tolerance: How far a prediction may be off, as a share of the number.
        not_modelled: Why nothing predicts it; empty if something does.
        note: What to know when prediction and number are compared; may be empty.
    """

    id: str
    what: str
    unit: str
    published: float | None = None
    derived: bool = False
    tolerance: float = 0.0
    not_modelled: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One published case.

    Args:
        id: A1 to A16.
        title: What it is about.
        where: Scale and version, as far as told.
        year: Year; null if not told.
        account: What was measured.
        resolution: What ended it.
        threads: GitHub threads, ``owner/repository#number``.
        given: Numbers of the account that predictions start from.
        figures: Its figures.
    """

    id: str
    title: str
    where: str
    year: int | None
    account: str
    resolution: str
    threads: tuple[str, ...]
    given: Mapping[str, float]
    figures: tuple[Published, ...]


@cache
def cases() -> tuple[Case, ...]:
    """All of them, by id."""
    return tuple(_case(tables("cases", name)) for name in case_files())


def _case(raw: Mapping[str, Any]) -> Case:
    plain = {name: raw[name] for name in ("id", "title", "where", "account", "resolution")}
    return Case(
        **plain,
        year=raw.get("year"),
        threads=tuple(raw["threads"]),
        given=raw.get("given", {}),
        figures=tuple(Published(**item) for item in raw["figure"]),
    )
