"""The machine's forecast: versioned, keys in a fixed order, ASCII only.

Schema: ``report/schema/forecast-v1.json``. Times are seconds, rates per second, shares 0 to 1; what is infinite is null.
"""

from dataclasses import asdict
from math import isfinite
from typing import Any

from snowpit import __version__
from snowpit.model.forecast import Calibration, Forecast, Remedy, Share
from snowpit.report.ascii_json import dumps
from snowpit.report.forecast import EXIT_CODES, answer, exit_code, remarks

SCHEMA = "snowpit.forecast/v1"


def render(forecast: Forecast) -> str:
    """The forecast as JSON text."""
    return dumps(document(forecast))


def document(forecast: Forecast) -> dict[str, Any]:
    """The forecast as plain mappings, lists, texts and numbers."""
    code = exit_code(forecast)
    recovery = forecast.recovery
    return {
        "schema": SCHEMA,
        "snowpit": __version__,
        "name": forecast.name,
        "from": forecast.start,
        "state": str(forecast.state),
        "answer": answer(forecast),
        "exit": {"code": code, "meaning": EXIT_CODES[code]},
        "seeds": forecast.seeds,
        "closed_form": {
            "state": str(forecast.closed_form_state),
            "capacity": _number(forecast.capacity),
            "demand": _number(forecast.demand),
            "peak_demand": _number(forecast.peak_demand),
            "unstable_wait_s": _number(forecast.unstable_wait_s),
            "stable_wait_s": _number(forecast.stable_wait_s),
            "curve": [{"wait_s": _number(wait), "demand": _number(value)} for wait, value in forecast.curve],
        },
        "critical_trigger": {one.kind: _plain(asdict(one)) for one in forecast.critical},
        "recovery": None
        if recovery is None
        else {
            **_plain(asdict(recovery)),
            "by_itself": recovery.heals.hits * 2 > recovery.heals.of,
            "heals": _share(recovery.heals),
            "deep": _share(recovery.deep),
        },
        "headroom": [_plain(asdict(one)) for one in forecast.headroom],
        "remedies": [_remedy(one) for one in forecast.remedies],
        "plan": [_plain(asdict(one)) for one in forecast.plan],
        "calibration": _calibration(forecast.calibration),
        "remarks": list(remarks(forecast)),
    }


def _remedy(one: Remedy) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "when": one.when,
        "works": one.works,
        "recovers": one.recovers.value,
        "recovers_interval": _share(one.recovers),
        "recovery_s": None if one.recovery_s is None else _plain(one.recovery_s._asdict()),
        "prevents": None if one.prevents is None else one.prevents.value,
        "side_effects": one.side_effects,
        "steps": list(one.steps),
        "source": one.source,
    }


def _calibration(found: Calibration | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "estimates": [_plain(asdict(one)) for one in found.estimates],
        "unidentified": [one._asdict() for one in found.unidentified],
        "present": _plain(asdict(found.present)),
    }


def _share(share: Share | None) -> dict[str, Any] | None:
    return None if share is None else {**share._asdict(), "share": share.value}


def _plain(value: object) -> Any:  # noqa: ANN401 - as JSON has it
    """Named tuples as mappings, words as text, and null for what is no finite number."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return _plain(value._asdict())
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        return str(value)
    return _number(value) if isinstance(value, float) else value


def _number(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None
