"""Axes of an exploration: which parameter of a scenario takes which values.

``tokens=10:400:20`` are 20 values from 10 to 400, ``qps=10:1000:7:log`` has equal ratios, ``version=1.12.4,1.17.0`` is a
list. Units stand as in a scenario file: ``think=5s:60s:12``.
"""

import re
from itertools import product
from math import log10
from typing import NamedTuple

from snowpit.cluster import units
from snowpit.cluster.change import apply
from snowpit.cluster.fields import word
from snowpit.cluster.scenario import Scenario
from snowpit.errors import ScenarioError
from snowpit.forecast.explore.names import named

VALUES_AT_MOST = 1000
POINTS_AT_MOST = 100_000
DIGITS = 4
"""Significant digits of values between the ends of a range."""

TABLE_KEYS = ("version", "kubelets.version", "heartbeats.enabled")
"""Keys on which defaults depend, so that a scenario has to be assembled anew."""

_NUMBER = r"([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?)"
_RANGE = re.compile(rf"{_NUMBER}\s*([a-z/%]*):{_NUMBER}\s*([a-z/%]*):(\d{{1,6}})(?::(log))?", re.ASCII)
_HINT = "Write for instance tokens=10:400:20, qps=10:1000:7:log or version=1.12.4,1.17.0."


class Axis(NamedTuple):
    """One parameter with its values.

    Args:
        key: Key path, as ``--set`` takes it.
        label: Words, with the unit.
        values: Values as written.
        numbers: Their places: the values without unit, or 0, 1, 2 for a list of words.
        log: Whether ratios count.
    """

    key: str
    label: str
    values: tuple[str, ...]
    numbers: tuple[float, ...]
    log: bool = False

    @property
    def ranged(self) -> bool:
        """Whether the places are the values themselves."""
        return len(self.values) > 1 and all(
            units_free(text) == number for text, number in zip(self.values, self.numbers, strict=True)
        )


Settings = tuple[tuple[str, str], ...]
"""Key path and value of every axis: one point."""


def units_free(text: str) -> float | None:
    """The leading number of a value; null if it has none.

    >>> units_free("30s"), units_free("log")
    (30.0, None)
    """
    found = re.match(_NUMBER + r"\s*[a-z/%]*$", text, re.ASCII)
    return float(found[1]) if found else None


def points(axes: tuple[Axis, ...]) -> list[Settings]:
    """All points, the last axis fastest.

    Raises:
        ScenarioError: If there are too many, or an axis is given twice.
    """
    keys = [axis.key for axis in axes]
    if len(set(keys)) < len(keys):
        raise ScenarioError(f"{', '.join(keys)}: a parameter is given twice.", "Give each axis once.")
    total = 1
    for axis in axes:
        total *= len(axis.values)
    if total > POINTS_AT_MOST:
        raise ScenarioError(
            f"{total:,} points are more than {POINTS_AT_MOST:,}.", "Take fewer values on each axis."
        )
    return [tuple(zip(keys, values, strict=True)) for values in product(*(axis.values for axis in axes))]


def parse(text: str, scenario: Scenario) -> Axis:
    """An axis as written on a command line.

    Args:
        text: ``name=low:high:number[:log]`` or ``name=value,value``; a short name (``names``), or any key path.
        scenario: The scenario that it changes; values that do not fit it are refused.

    Raises:
        ScenarioError: If it is no axis, or the scenario does not take its values.
    """
    key, label, raw = _split(text, scenario)
    found = _RANGE.fullmatch(raw)
    if found is None:
        return _listed(key, label, raw)
    span = _span(key, label, found, scenario)
    number = int(found[5])
    if not 2 <= number <= VALUES_AT_MOST:  # noqa: PLR2004 - both ends
        units.refuse(word(key), number, f"a range has 2 to {VALUES_AT_MOST} values", _HINT)
    values = tuple(dict.fromkeys(span.value(step / (number - 1)) for step in range(number)))
    return Axis(key, label, values, tuple(units_free(value) or 0.0 for value in values), span.log)


class Span(NamedTuple):
    """One parameter with its bounds.

    Args:
        key: Key path, as ``--set`` takes it.
        label: Words, with the unit.
        low: Lower bound.
        high: Upper bound.
        unit: Unit of both as written; may be empty.
        log: Whether ratios count.
        whole: Whether only whole numbers are taken.
    """

    key: str
    label: str
    low: float
    high: float
    unit: str
    log: bool
    whole: bool

    def value(self, share: float) -> str:
        """The value at a share of the way from the lower to the upper bound, as ``--set`` takes it."""
        if self.log:
            number = 10.0 ** (log10(self.low) + share * (log10(self.high) - log10(self.low)))
        else:
            number = self.low + share * (self.high - self.low)
        return _text(float(round(number)) if self.whole else number, self.unit)


def span(text: str, scenario: Scenario) -> Span:
    """A parameter with its bounds as written on a command line.

    Args:
        text: ``name=low:high[:log]``.
        scenario: The scenario that it changes.

    Raises:
        ScenarioError: If it is none, or the scenario does not take its bounds.
    """
    key, label, raw = _split(text, scenario)
    found = _RANGE.fullmatch(f"{raw.removesuffix(':log')}:2{':log' if raw.endswith(':log') else ''}")
    if found is None:
        units.refuse(
            word(key), raw, "it has to be low:high", "Write for instance tokens=50:200 or qps=10:1000:log."
        )
    return _span(key, label, found, scenario)


def _split(text: str, scenario: Scenario) -> tuple[str, str, str]:
    """Key path, words, and what stands right of the equals sign."""
    name, sign, raw = (part.strip() for part in text.partition("="))
    if not sign or not name or not raw:
        units.refuse("--over", text, "it has to be key=values", _HINT)
    return (*named(name, scenario), raw)


def _span(key: str, label: str, found: re.Match[str], scenario: Scenario) -> Span:
    low, high, unit, log = float(found[1]), float(found[3]), found[4] or found[2], bool(found[6])
    if low >= high or (log and low <= 0.0):
        rule = "a range with log goes from above 0 upwards" if log else "a range goes upwards"
        units.refuse(word(key), f"{low:g}:{high:g}", rule, _HINT)
    whole = not _takes(scenario, key, f"{int(low)}.5{unit}")
    result = Span(key, label, low, high, unit, log, whole)
    for share in (0.0, 1.0):
        apply(scenario, key, result.value(share), source="flag", place="--over")
    return result


def _text(number: float, unit: str) -> str:
    whole = number == round(number) and abs(number) < 1e12  # noqa: PLR2004 - digits that a float holds
    return (str(int(number)) if whole else f"{number:.{DIGITS}g}") + unit


def _takes(scenario: Scenario, key: str, value: str) -> bool:
    try:
        apply(scenario, key, value, source="flag", place="--over")
    except ScenarioError:
        return False
    return True


def _listed(key: str, label: str, raw: str) -> Axis:
    """An axis of values that stand one by one."""
    values = tuple(part.strip() for part in raw.split(","))
    if ":" in raw or not all(values) or len(set(values)) < len(values) or len(values) > VALUES_AT_MOST:
        units.refuse(word(key), raw, "it has to be low:high:number, or values that differ", _HINT)
    numbers = [units_free(value) for value in values]
    places = [number for number in numbers if number is not None]
    if len(places) < len(values) or sorted(set(places)) != places:
        places = [float(place) for place in range(len(values))]
    return Axis(key, label, values, tuple(places))
