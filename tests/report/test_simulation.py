"""What is said of simulated runs: page, JSON, figure."""

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from snowpit.cluster.scenario import Switches
from snowpit.errors import EvidenceError
from snowpit.model.sample import Marker, Run
from snowpit.observe.outcome import outcome
from snowpit.report import markdown, plot, simulation_json, text
from snowpit.report.simulation import SIGNS, answer, build
from snowpit.report.study import Study
from support.runs import BURST, between, run, scenario

REMEDY = Marker(at_s=1200.0, title="metrics-server by certificate", trigger=False)
SCHEMA = json.loads((files("snowpit") / "report/schema/simulation-v1.json").read_text("utf-8"))
SEEDS = {
    "healthy": [run([], seed=seed) for seed in range(3)],
    "recovered": [run(between(600, 740 + 10 * seed), seed=seed) for seed in range(12)],
    "stuck": [run(between(600, 3600), seed=seed) for seed in range(12)],
    "mixed": [run(between(600, end), seed=end) for end in (3600, 3600, 900, 610)],
    "overloaded": [run(between(0, 3600), seed=1)],
    "diverged": [run(between(600, 900), overflow="requests: 4,194,304 at once", ended_s=900.0)],
    "no-course": [run([], horizon_s=0.0)],
}


def study(runs: Sequence[Run], **changes: object) -> Study:
    return Study(
        scenario=scenario(**changes),
        runs=tuple(runs),
        outcomes=tuple(outcome(item, horizon_s=3600.0) for item in runs),
    )


def page(runs: Sequence[Run], *, width: int = 100, unicode: bool = True, **changes: object) -> str:
    return text.render(build(study(runs, **changes)), text.Style(width=width, unicode=unicode))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "healthy",
            "Healthy in 3 of 3 seeds (95 % interval of the share: 44 to 100 %): whatever happened at 10 min",
        ),
        (
            "recovered",
            "well again 3 min 15 s (median; 2 min 40 s to 3 min 50 s) after the trigger at 10 min.",
        ),
        (
            "stuck",
            "Stuck in 12 of 12 seeds (95 % interval of the share: 76 to 100 %): after the trigger at 10 min it",
        ),
        ("mixed", "Stuck in 2 of 4 seeds (95 % interval of the share: 15 to 85 %)"),
        ("mixed", "Otherwise healthy in 1, recovered in 1."),
        ("overloaded", "Overloaded in 1 of 1 seed"),
        ("diverged", "Stuck in 1 of 1 seed"),
        ("no-course", "no course in time"),
    ],
)
def test_the_verdict_comes_with_its_share_and_its_time(name: str, sentence: str) -> None:
    assert sentence in answer(study(SEEDS[name]))


def test_a_recovery_after_an_intervention_names_it() -> None:
    made = [run(between(600, 1320), markers=(BURST, REMEDY))]
    assert answer(study(made)).endswith(
        'well again 12 min after the trigger at 10 min, 2 min after "metrics-server by certificate".'
    )


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("healthy", 0),
        ("recovered", 0),
        ("stuck", 1),
        ("mixed", 1),
        ("overloaded", 1),
        ("diverged", 1),
        ("no-course", 0),
    ],
)
def test_the_exit_code_says_whether_every_seed_ends_well(name: str, code: int) -> None:
    assert study(SEEDS[name]).exit_code == code


def test_marks_stand_below_the_bins_they_belong_to() -> None:
    lines = page([run(between(600, 3600), markers=(BURST, REMEDY))]).splitlines()
    marks = next(line for line in lines if line.split() == ["1", "2"])
    rejected = next(line for line in lines if line.lstrip().startswith("rejected (429)"))
    assert marks.index("1") == rejected.index("█")


def test_the_page_needs_no_block_characters() -> None:
    assert page(SEEDS["mixed"], unicode=False).isascii()


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_drawn_lines_fit_the_terminal(width: int) -> None:
    drawn = page(SEEDS["stuck"], width=width).partition("OVER TIME")[2].partition("BEFORE")[0]
    assert max(map(len, drawn.splitlines())) <= width


def test_overflow_is_said() -> None:
    assert "A bound was outgrown" in page(SEEDS["diverged"])


def test_switches_and_changed_values_are_said() -> None:
    shown = page(SEEDS["stuck"], width=120, switches=Switches(limiter_order="lifo"))
    assert "limiter_order = lifo" in shown


def test_hostile_names_are_harmless() -> None:
    hostile = Marker(at_s=600.0, title="\x1b[31m<script>$x$", trigger=True)
    made = [run(between(600, 3600), markers=(hostile,))]
    assert "\x1b" not in page(made, title="\x1b]0;t\x07")
    assert "<script>" not in markdown.render(build(study(made)))


def test_more_events_than_signs_are_counted() -> None:
    many = tuple(Marker(at_s=60.0 * place, title="event", trigger=False) for place in range(len(SIGNS) + 2))
    assert "and 2 more events" in page([run([], markers=many)])


@pytest.mark.parametrize("name", SEEDS)
def test_json_keeps_to_its_schema(name: str) -> None:
    document = json.loads(simulation_json.render(study(SEEDS[name])))
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert set(document) == set(SCHEMA["properties"])
    assert sum(document["verdicts"].values()) == (0 if name == "no-course" else len(SEEDS[name]))


def test_json_is_ascii_and_the_same_every_time() -> None:
    shown = simulation_json.render(study(SEEDS["mixed"], title="Überlast"))
    assert shown.isascii()
    assert shown == simulation_json.render(study(SEEDS["mixed"], title="Überlast"))


def test_parameters_tell_their_source() -> None:
    found = simulation_json.document(study(SEEDS["stuck"]))["scenario"]["parameters"]
    assert found["max_mutating_requests_inflight"]["source"] == "fact"


def test_the_figure_is_well_formed_the_same_every_time_and_has_all_panels(tmp_path: Path) -> None:
    first, second = tmp_path / "a.svg", tmp_path / "b.svg"
    plot.draw(study(SEEDS["mixed"]), first)
    plot.draw(study(SEEDS["mixed"]), second)
    assert first.read_bytes() == second.read_bytes()
    groups = [item.get("id", "") for item in ET.parse(first).iter("{http://www.w3.org/2000/svg}g")]  # noqa: S314 - made here
    assert sum(name.startswith("axes_") for name in groups) == len(plot.PANELS) == 6


def test_a_png_is_drawn_too(tmp_path: Path) -> None:
    plot.draw(study(SEEDS["diverged"]), tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"


def test_without_a_course_there_is_no_figure(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError):
        plot.draw(study(SEEDS["no-course"]), tmp_path / "a.svg")
    with pytest.raises(EvidenceError):
        plot.draw(study(SEEDS["stuck"]), tmp_path / "missing" / "a.svg")
