"""Parameters of a published model: its defaults, then what the scenario says under ``[parameters]``."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from snowpit.cluster import units
from snowpit.cluster.scenario import Scenario
from snowpit.errors import ScenarioError
from snowpit.knowledge.facts import Value

Settings = TypeVar("Settings", bound=NamedTuple)


def settings(scenario: Scenario, defaults: Settings) -> Settings:
    """The defaults with the scenario's parameters on top.

    Args:
        scenario: Its ``parameters`` may name any field of ``defaults``.
        defaults: A named tuple of numbers, texts and truth values; a default tells the type.

    Raises:
        ScenarioError: If a parameter is unknown, or of another type.
    """
    known = defaults._asdict()
    values = {
        name: _fitting(scenario.model, name, value, known) for name, value in scenario.parameters.items()
    }
    return defaults._replace(**values)


def _fitting(model: str, name: str, value: Value, known: dict[str, Value]) -> Value:
    if name not in known:
        raise ScenarioError(
            f"Model {model} has no parameter {units.shown(name)}.", units.closest(name, tuple(known))
        )
    default = known[name]
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not type(default):
        raise ScenarioError(
            f"Parameter {name} of model {model} is {units.shown(value)}; it must be of type {type(default).__name__}.",
            f"Its default is {default!r}.",
        )
    return value


def one_of(name: str, value: str, choices: Sequence[str]) -> None:
    """Refuse a text that is none of ``choices``.

    Raises:
        ScenarioError: Naming the closest choice.
    """
    if value not in choices:
        raise ScenarioError(
            f"{name} is {units.shown(value)}; it must be one of {', '.join(choices)}.",
            units.closest(value, choices),
        )
