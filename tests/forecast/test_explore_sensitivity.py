"""Sensitivities of made-up responses that are known, and of a small scenario."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from snowpit.cli.sensitivity import command
from snowpit.cluster.scenario_file import load
from snowpit.errors import ScenarioError
from snowpit.forecast.explore import sensitivity as method
from snowpit.forecast.explore.axes import Span, span
from snowpit.forecast.explore.run import Point
from snowpit.report.explore import sensitivity as report
from snowpit.workflow.explore import Varied
from snowpit.workflow.sensitivity import spans

INCIDENT = load("incident-1.12")
SPANS = tuple(span(text, INCIDENT) for text in ("patience=0s:10s", "think=10s:1000s:log", "backoff=1s:2s"))


def answered(design: method.Design) -> tuple[Point, ...]:
    """Answers of which the edge grows by two decades over the patience, by half a decade over the think time."""
    points = []
    for at, row in zip(design.settings, design.shares, strict=True):
        by_key = dict(zip((one.key for one in design.spans), row, strict=True))
        patience, think = by_key["clients.apps.patience.mean"], by_key["clients.apps.think.mean"]
        edge = 10.0 ** (1.0 + 2.0 * patience + 0.5 * think)
        points.append(Point(at, 1, {"critical_lookups": edge, "recovery_s": 60.0}))
    return tuple(points)


def test_screening_finds_the_slope_of_every_parameter() -> None:
    design = method.screening(SPANS, 6)
    found = method.effects(design, answered(design), "critical_lookups")
    assert [effect.key for effect in found] == [
        "clients.apps.patience.mean",
        "clients.apps.think.mean",
        "clients.apps.retry.base",
    ]
    assert [round(effect.size, 6) for effect in found] == [2.0, 0.5, 0.0]
    assert method.effects(design, answered(design), "recovery_s") == ()


def test_only_parameters_that_matter_are_taken_apart_and_their_shares_are_those_of_the_law() -> None:
    design = method.screening(SPANS, 6)
    kept = method.chosen(SPANS, [method.effects(design, answered(design), "critical_lookups")])
    assert kept == SPANS[:2]
    second = method.decomposition(kept, 256)
    found = method.indices(second, answered(second), "critical_lookups")
    # Variances of independent uniform parts: 2^2 and 0.5^2, over 12 both.
    assert [effect.size for effect in found] == pytest.approx([4.0 / 4.25, 0.25 / 4.25], abs=0.02)
    assert [effect.other for effect in found] == pytest.approx([4.0 / 4.25, 0.25 / 4.25], abs=0.05)


def test_values_between_bounds_keep_unit_ratio_and_wholeness() -> None:
    assert [SPANS[1].value(share) for share in (0.0, 0.5, 1.0)] == ["10s", "100s", "1000s"]
    assert span("tokens=10:13", INCIDENT) == Span(
        "clients.apps.tokens.count", "ServiceAccount tokens in use", 10.0, 13.0, "", log=False, whole=True
    )
    assert span("tokens=10:13", INCIDENT).value(0.4) == "11"


@pytest.mark.parametrize("texts", [("tokens=10:20",), ("tokens=10:20", "tokens=20:30")])
def test_two_parameters_are_needed_each_once(texts: tuple[str, ...]) -> None:
    with pytest.raises(ScenarioError, match="two or more parameters"):
        spans(Varied("incident-1.12"), texts)


@pytest.mark.parametrize("text", ["tokens=10", "tokens=10:20:5", "tokens=20:10", "tokens=0:10:log"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ScenarioError):
        span(text, INCIDENT)


def test_the_command_leaves_a_page_and_goes_on_where_it_was(tmp_path: Path) -> None:
    arguments = [
        "incident-1.12",
        "--over",
        "clients=100:300",
        "--over",
        "tokens=5:50",
        "--out",
        str(tmp_path),
    ]
    arguments += ["--trajectories", "2", "--samples", "8", "--set", "kubelets.count=100"]
    first = CliRunner().invoke(command, arguments, standalone_mode=False)
    assert first.return_value == 0, first.exception
    assert "smallest kick that tips".upper() in first.output
    lines = (tmp_path / "journal.jsonl").read_bytes()
    again = CliRunner().invoke(command, [*arguments, "-o", "json"], standalone_mode=False)
    assert f'"schema": "{report.SCHEMA}"' in again.output
    assert (tmp_path / "journal.jsonl").read_bytes() == lines
