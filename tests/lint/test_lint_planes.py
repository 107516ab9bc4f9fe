"""Which API servers are taken as one control plane, and what follows."""

import json
from pathlib import Path

import pytest

from snowpit.lint.examples import api_server
from snowpit.workflow.lint import inspect
from support.program import snowpit
from support.shared import shared_data


def clusters(folder: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return str(folder)


def goaway(path: str) -> list[str]:
    return [result.message for result in inspect([path]).results if result.rule.id == "goaway-chance"]


def test_servers_in_one_folder_are_one_control_plane(tmp_path: Path) -> None:
    names = ("one/a.yaml", "one/b.yaml", "one/c.yaml")
    path = clusters(tmp_path, dict.fromkeys(names, api_server("v1.30.1")))
    messages = goaway(path)
    assert len(messages) == 3
    assert all("one of 3 API servers" in message for message in messages)
    (remark,) = inspect([path]).remarks
    assert remark.startswith("Taken as one control plane, by folder and release v1.30.1: ")
    assert all(name in remark for name in names)


@pytest.mark.parametrize(
    "files",
    [
        {"one/a.yaml": api_server("v1.30.1"), "two/a.yaml": api_server("v1.30.1", "--event-ttl=2h")},
        {"a.yaml": api_server("v1.30.1"), "b.yaml": api_server("v1.29.1", "--event-ttl=2h")},
        {"a.yaml": api_server("v1.30.1") + "---\n" + api_server("v1.30.1", "--event-ttl=2h")},
    ],
    ids=["folders", "releases", "one file"],
)
def test_other_servers_are_not(tmp_path: Path, files: dict[str, str]) -> None:
    path = clusters(tmp_path, files)
    assert goaway(path) == []
    assert inspect([path]).remarks == ()


def test_the_server_that_closes_connections_is_not_named(tmp_path: Path) -> None:
    files = {"a.yaml": api_server("v1.30.1"), "b.yaml": api_server("v1.30.1", "--goaway-chance=0.001")}
    path = clusters(tmp_path, files)
    (result,) = [result for result in inspect([path]).results if result.rule.id == "goaway-chance"]
    assert result.pointer is not None
    assert result.pointer.path.endswith("a.yaml")


def test_differences_are_told_within_a_control_plane_alone(tmp_path: Path) -> None:
    short, long = (api_server("v1.30.1", f"--event-ttl={ttl}") for ttl in ("1h", "2h"))
    together = inspect([clusters(tmp_path / "x", {"a.yaml": short, "b.yaml": long})]).remarks
    assert any("--event-ttl is told in several places" in remark for remark in together)
    apart = inspect([clusters(tmp_path / "y", {"one/a.yaml": short, "two/b.yaml": long})]).remarks
    assert apart == ()


def test_many_servers_are_named_in_part(tmp_path: Path) -> None:
    files = {f"{number}.yaml": api_server("v1.30.1") for number in range(8)}
    (remark,) = inspect([clusters(tmp_path, files)]).remarks
    assert remark.endswith(" and 3 more.")


@pytest.mark.parametrize(
    ("flags", "meaning"),
    [
        ((), "adds nothing"),
        (("--enable-priority-and-fairness=false",), "admits every request"),
        (("--feature-gates=A=true,APIPriorityAndFairness=false",), "admits every request"),
    ],
)
def test_a_limit_of_zero_means_what_its_own_server_makes_of_it(
    tmp_path: Path, flags: tuple[str, ...], meaning: str
) -> None:
    text = api_server("v1.24.1", "--max-requests-inflight=0", *flags)
    messages = [item.message for item in inspect([clusters(tmp_path, {"a.yaml": text})]).results]
    assert [message for message in messages if "inflight=0" in message] == [
        message for message in messages if meaning in message
    ]
    assert any(meaning in message for message in messages)


def test_real_clusters_side_by_side_stay_apart(capsys: pytest.CaptureFixture[str]) -> None:
    path = shared_data("config-apiserver-pods", "newrelic__nri-kubernetes")
    found = json.loads(snowpit(capsys, "lint", str(path), "-o", "json").out)
    assert found["remarks"] == []
    assert "goaway-chance" not in {item["rule"] for item in found["violations"]}
