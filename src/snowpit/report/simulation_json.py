"""The machine's report of a simulation: versioned, keys in a fixed order, ASCII only.

Schema: ``report/schema/simulation-v1.json``. Times are seconds since the start of a run, rates per second.
"""

from typing import Any

from snowpit import __version__
from snowpit.cluster.scenario import Scenario
from snowpit.model.sample import Run
from snowpit.observe.outcome import Outcome
from snowpit.observe.replications import (
    TRACKS,
    Spread,
    counts,
    numbers,
    populations,
    series,
    verdicts,
    wilson,
)
from snowpit.report.as_json import plain
from snowpit.report.ascii_json import dumps
from snowpit.report.scenario import caveats
from snowpit.report.simulation import answer
from snowpit.report.study import MEANINGS, Study

SCHEMA = "snowpit.simulation/v1"


def render(study: Study) -> str:
    """The simulation as JSON text."""
    return dumps(document(study))


def document(study: Study) -> dict[str, Any]:
    """The simulation as plain mappings, lists, texts and numbers."""
    counted, code = verdicts(study.outcomes), study.exit_code
    return {
        "schema": SCHEMA,
        "snowpit": __version__,
        "answer": answer(study),
        "exit": {"code": code, "meaning": MEANINGS[code]},
        "scenario": _scenario(study.scenario),
        "seeds": [run.seed for run in study.runs],
        "verdicts": {str(verdict): number for verdict, number in counted.items()},
        "intervals": {
            str(verdict): plain(dict(zip(("low", "high"), wilson(number, len(study.runs)), strict=True)))
            for verdict, number in counted.items()
        },
        "warning": study.warning,
        "caveats": list(caveats(study.scenario)),
        "markers": [plain(marker, "") for marker in study.markers],
        "series": _series(study),
        "numbers": _numbers(study),
        "populations": {name: plain(item) for name, item in populations(study.runs).items()},
        "counts": {name: _spread(value) for name, value in counts(study.runs).items()},
        "runs": [_run(*pair) for pair in zip(study.runs, study.outcomes, strict=True)],
    }


def _scenario(scenario: Scenario) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": scenario.name,
        "title": scenario.title,
        "summary": scenario.summary,
        "model": scenario.model,
        "servers": scenario.servers,
        "horizon_s": plain(scenario.horizon_s),
        "bin_s": plain(scenario.bin_s),
    }
    found["parameters"] = {
        name: plain(value._asdict()) for name, value in sorted(scenario.plane.values.items())
    }
    found["model_parameters"] = {name: plain(value) for name, value in sorted(scenario.parameters.items())}
    for part in ("clients", "kubelets", "scrapers", "events", "levels", "switches"):
        found[part] = plain(getattr(scenario, part))
    return found


def _series(study: Study) -> dict[str, Any]:
    found = series(study.runs)
    bin_s = study.runs[0].samples.bin_s if study.runs else study.scenario.bin_s
    return {
        "bin_s": plain(bin_s),
        "tracks": {
            track.name: {
                "label": track.label,
                "unit": track.unit,
                "median": plain([value.median for value in found[track.name]]),
                "low": plain([value.low for value in found[track.name]]),
                "high": plain([value.high for value in found[track.name]]),
            }
            for track in TRACKS
            if track.name in found
        },
    }


def _numbers(study: Study) -> dict[str, Any]:
    found = numbers(study.runs)
    return {
        track.name: {
            "unit": track.unit,
            **{stage: _spread(value) for stage, value in found[track.name].items()},
        }
        for track in TRACKS
        if track.name in found
    }


def _spread(value: Spread) -> dict[str, Any]:
    return {name: plain(float(item)) for name, item in value._asdict().items()}


def _run(run: Run, ended: Outcome) -> dict[str, Any]:
    return {
        "seed": run.seed,
        "verdict": plain(ended.verdict),
        "recovered_after_s": plain(ended.recovered_after_s),
        "recovered_after_intervention_s": plain(ended.recovered_after_intervention_s),
        "failing_share": plain(ended.failing_share),
        "worst_share": plain(ended.worst_share),
        "ended_s": plain(run.ended_s),
        "overflow": run.overflow,
        "events": run.events,
        "counts": {name: plain(float(value)) for name, value in run.counts.items()},
    }
