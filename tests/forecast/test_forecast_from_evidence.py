"""The founding incident from its evidence alone: an audit log that a simulation wrote, and no scenario."""

import json
from importlib.resources import files

import jsonschema
import pytest

from snowpit.cluster.scenario_file import load
from snowpit.forecast.core import forecast
from snowpit.forecast.verdict import Ask
from snowpit.model.forecast import Forecast, State
from snowpit.report import forecast_json
from snowpit.workflow.calibration import run
from snowpit.workflow.diagnosis import Question
from snowpit.workflow.evidence import Source
from support.calibrated import audit_log

SCHEMA = json.loads((files("snowpit") / "report/schema/forecast-v1.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Forecast:
    """The forecast four minutes after the trigger, at full size: the limiter itself is not in this evidence."""
    folder = audit_log(
        load("incident-1.12", overrides=["horizon=14m"]), 1, tmp_path_factory.mktemp("evidence")
    )
    made = run(Question(source=Source(paths=[str(folder)]), server_version="1.12.4"))
    return forecast(Ask(made.scenario, seeds=(1, 2), calibration=made.calibration))


def test_it_sustains_itself(found: Forecast) -> None:
    assert found.state is State.SELF_SUSTAINING
    assert found.calibration is not None
    assert found.calibration.present.failing


@pytest.mark.parametrize(
    ("name", "when"),
    [("scraper_certificate", "immediate"), ("upgrade_1_14", "lasting"), ("upgrade_1_17", "lasting")],
)
def test_what_ended_it_is_found_to_work(found: Forecast, name: str, when: str) -> None:
    remedy = next(one for one in found.remedies if one.id == name)
    assert (remedy.works, remedy.when, remedy.recovers.value) == (True, when, 1.0)


@pytest.mark.parametrize("name", ["raise_mutating_limit", "restart"])
def test_what_did_not_end_it_is_found_not_to(found: Forecast, name: str) -> None:
    remedy = next(one for one in found.remedies if one.id == name)
    assert (remedy.works, remedy.recovers.value) == (False, 0.0)


def test_the_machine_reads_where_each_value_comes_from(found: Forecast) -> None:
    document = json.loads(forecast_json.render(found))
    jsonschema.validate(document, SCHEMA)
    assert {one["source"] for one in document["calibration"]["estimates"]} >= {"measured", "assumed"}
    assert document["calibration"]["unidentified"]
