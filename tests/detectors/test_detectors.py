"""Every detector on traffic: it fires, it stays silent, and one fact makes the difference."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from snowpit.diagnose.registry import BESIDE_REQUESTS, DETECTORS, name_of
from snowpit.model.finding import Diagnosis, Verdict
from support.traffic import diagnosed, recipe, rows

HERE = Path(__file__).parent
IDS = tuple(name_of(detector) for detector in DETECTORS)


def recipes(pattern: str) -> list[Path]:
    return sorted(HERE.glob(pattern))


def label(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def summary(diagnosis: Diagnosis) -> str:
    """What was found, for the message of a failing test."""
    found = [item for item in diagnosis.findings if item.verdict is not Verdict.REFUTED]
    return "\n".join(
        [
            diagnosis.answer,
            *(f"{item.id} {item.verdict} {item.role} {item.claim} {item.numbers}" for item in found),
        ]
    )


@pytest.mark.parametrize("path", recipes("*/fires-*.toml"), ids=label)
def test_it_fires_and_the_judge_ranks_it_as_expected(path: Path) -> None:
    raw = recipe(path)
    expect: dict[str, Any] = raw.get("expect", {})
    diagnosis = diagnosed(raw)
    told = summary(diagnosis)
    mine = next(item for item in diagnosis.findings if item.id == path.parent.name)
    assert mine.verdict is Verdict.SUPPORTED, told
    assert mine.remedies
    assert mine.sources
    assert diagnosis.findings[0].id == expect.get("top", path.parent.name), told
    assert mine.role == expect.get("role", mine.role), told
    assert not {item.id for item in diagnosis.findings if item.verdict is Verdict.SUPPORTED} & set(
        expect.get("absent", ())
    ), told
    for name, (low, high) in expect.get("numbers", {}).items():
        value = mine.numbers[name]
        assert isinstance(value, int | float), name
        assert low <= value <= high, f"{name} = {value}"


@pytest.mark.parametrize("path", [*recipes("*/silent-*.toml"), *recipes("*/twin-*.toml")], ids=label)
def test_it_stays_silent(path: Path) -> None:
    diagnosis = diagnosed(recipe(path))
    mine = next(item for item in diagnosis.findings if item.id == path.parent.name)
    assert mine.verdict is not Verdict.SUPPORTED, summary(diagnosis)


@pytest.mark.parametrize("path", recipes("healthy/*.toml"), ids=label)
def test_nothing_is_found_on_a_healthy_cluster(path: Path) -> None:
    diagnosis = diagnosed(recipe(path))
    assert diagnosis.judged
    assert not [item.id for item in diagnosis.findings if item.verdict is Verdict.SUPPORTED], summary(
        diagnosis
    )


@pytest.mark.parametrize("name", [name for name in IDS if name not in BESIDE_REQUESTS])
@pytest.mark.parametrize("kind", ["fires", "silent", "twin"])
def test_every_detector_has_recipes_of_each_kind(name: str, kind: str) -> None:
    assert recipes(f"{name}/{kind}-*.toml")


@pytest.mark.parametrize("path", recipes("*/twin-*.toml"), ids=label)
def test_a_twin_differs_from_a_firing_recipe_in_a_single_fact(path: Path) -> None:
    raw = tomllib.loads(path.read_text("utf-8"))
    assert raw["twin_of"].startswith("fires-")
    assert len(raw["change"]) == 1
    assert set(raw) <= {"twin_of", "change", "expect"}


def test_the_same_recipe_makes_the_same_requests() -> None:
    raw = recipe(recipes("*/fires-*.toml")[0])
    assert rows(raw) == rows(raw)


def test_all_recipes_lie_in_a_folder_of_a_detector() -> None:
    assert {path.parent.name for path in recipes("*/*.toml")} <= {*IDS, "healthy", "background"}
