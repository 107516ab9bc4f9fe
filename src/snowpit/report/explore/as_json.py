"""Explorations as JSON: versioned, keys in a fixed order."""

from collections.abc import Sequence
from typing import Any

from snowpit import __version__
from snowpit.forecast.explore.axes import Axis
from snowpit.forecast.explore.gathered import Exploration, edge_of, state_of, tips, verdicts
from snowpit.forecast.explore.questions import Answer
from snowpit.report.ascii_json import dumps

SCHEMA = "snowpit.explore/v1"


def render(found: Exploration, what: str) -> str:
    """An exploration as JSON text.

    Args:
        found: The exploration.
        what: ``map``, ``sweep`` or ``hysteresis``.
    """
    return dumps(
        {
            "schema": SCHEMA,
            "snowpit": __version__,
            "what": what,
            "scenario": found.scenario.name,
            "axes": [_axis(axis) for axis in found.axes],
            "seeds": list(found.seeds),
            "points": [
                {"at": dict(at), **_together(answers, what), "seeds": [dict(answer) for answer in answers]}
                for at, answers in found.by_place.items()
            ],
        }
    )


def _axis(axis: Axis) -> dict[str, Any]:
    return {"key": axis.key, "label": axis.label, "values": list(axis.values), "log": axis.log}


def _together(answers: Sequence[Answer], what: str) -> dict[str, Any]:
    """What the seeds of a point say together."""
    if what == "map":
        return {"state": state_of(answers).value, "critical_lookups": edge_of(answers)}
    if what == "sweep":
        fails = tips(answers)
        return {
            "fails": {"share": fails.value, "low": fails.low, "high": fails.high},
            "verdicts": verdicts(answers),
        }
    return {"critical_lookups": edge_of(answers)}
