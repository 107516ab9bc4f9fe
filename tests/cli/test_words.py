"""explain, facts, cache, completion: what the program says of itself."""

import json
import subprocess
from pathlib import Path

import pytest

from snowpit import cli
from snowpit.cli.completion import SHELLS
from snowpit.diagnose.registry import DETECTORS, HEADINGS, name_of
from snowpit.ingest import cache as shelf
from snowpit.knowledge.facts import load
from snowpit.observe import OBSERVATIONS
from support import logs


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert cli.run(["snowpit", *arguments]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", [name_of(module) for module in DETECTORS])
def test_every_detector_is_explained_under_all_headings(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = said(capsys, "explain", name)
    assert [heading for heading in HEADINGS if f"\n{heading}:\n" not in shown] == []


def test_everything_is_listed_and_explained(capsys: pytest.CaptureFixture[str]) -> None:
    names = [*(item.name for item in OBSERVATIONS), *(fact.id for fact in load())]
    listed = said(capsys, "explain")
    assert [name for name in names if f"  {name} " not in listed] == []
    assert all(len(said(capsys, "explain", name)) > 60 for name in names)


def test_dashes_do_for_underscores(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "explain", "list-storm") == said(capsys, "explain", "list_storm")


@pytest.mark.parametrize(
    ("version", "limit"), [("1.12.2", 50), ("1.13.11", 50), ("1.13.12", -1), ("1.16.0", 50), ("1.17", -1)]
)
def test_facts_are_those_of_the_patch_release(
    version: str, limit: int, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = json.loads(said(capsys, "facts", "--version", version, "-o", "json"))["facts"]
    assert [fact["value"] for fact in facts if fact["id"] == "loopback_qps"] == [limit]
    assert [fact["id"] for fact in facts if not fact["source"]] == []


def test_the_cache_is_listed_and_cleared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "LARGE", 0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    said(capsys, "top", str(logs.healthy(tmp_path / "a.log")), "--by", "verb")
    entry = [path.name for path in (tmp_path / "snowpit").iterdir()]
    assert len(entry) == 1
    assert entry[0] in said(capsys, "cache")
    said(capsys, "cache", "--clear")
    assert list((tmp_path / "snowpit").iterdir()) == []


def test_without_a_cache_nothing_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "LARGE", 0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    said(capsys, "top", "--no-cache", str(logs.healthy(tmp_path / "a.log")), "--by", "verb")
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_scripts_are_printed(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "_SNOWPIT_COMPLETE" in said(capsys, "completion", shell)


def test_the_completion_for_bash_is_a_valid_script(capsys: pytest.CaptureFixture[str]) -> None:
    script = said(capsys, "completion", "bash")
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)  # noqa: S607
