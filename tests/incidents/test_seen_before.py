"""Reports name published incidents that resemble what was found; ``explain`` tells one in full."""

from dataclasses import replace
from pathlib import Path

import pytest

from snowpit import cli
from snowpit.cluster import build
from snowpit.diagnose import diagnose
from snowpit.knowledge.incidents import incidents
from snowpit.knowledge.version import Version
from snowpit.model.evidence import Coverage
from snowpit.model.finding import Finding, Role, Verdict
from snowpit.report import as_json, text
from snowpit.report.build import build as build_page
from snowpit.report.case import Case
from snowpit.report.seen_before import MOST, seen
from support.observed import healthy


def case(*found: str, version: str = "1.13.5", claim: str = "") -> Case:
    """A case in which these findings are supported, in this order."""
    observed, plane = healthy(), build(version=Version.parse(version), version_source="flag", limits={})
    findings = tuple(
        Finding(id=name, verdict=Verdict.SUPPORTED, role=Role.CAUSE, title=f"<{name}>", claim=claim)
        for name in found
    )
    diagnosis = replace(diagnose(observed, plane), findings=findings)
    return Case(diagnosis=diagnosis, coverage=Coverage(files=()), observed=observed, plane=plane)


def page_of(asked: Case) -> str:
    """The page as text, its lines joined."""
    return " ".join(text.render(build_page(asked), text.Style(width=100)).split())


def test_the_page_names_the_best_match_with_its_source() -> None:
    page = page_of(case("loopback_starvation"))
    assert "SEEN BEFORE - Callers with ServiceAccount tokens time out" in page
    assert "In common: <loopback_starvation>." in page
    assert "https://github.com/kubernetes/kubernetes/issues/71811" in page


def test_at_most_three_are_named() -> None:
    many = case("relist_herd", "list_storm")
    assert len(seen(many)) == MOST
    assert page_of(many).count("In common: ") == MOST
    assert len(as_json.document(many)["seen_before"]) == MOST


def test_the_client_that_a_claim_names_decides_between_incidents() -> None:
    found = as_json.document(case("list_storm", claim="LISTs by fluent-bit hold the seats"))["seen_before"]
    assert (found[0]["id"], found[0]["client"]) == ("K12", "fluent-bit")
    assert found[0]["sources"][0].startswith("https://")


def test_another_release_is_said() -> None:
    assert "there on other releases than this one" in page_of(case("loopback_starvation", version="1.31.0"))


def test_nothing_found_resembles_nothing() -> None:
    quiet = case()
    assert "SEEN BEFORE" not in page_of(quiet)
    assert as_json.document(quiet)["seen_before"] == []


@pytest.mark.parametrize("name", ["K07", "k07"])
def test_explain_tells_an_incident(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["snowpit", "explain", name]) == 0
    told = capsys.readouterr().out
    assert told.startswith("K07: One restart of an API server triples the memory of etcd")
    assert "pods read for each list: 7,130" in told
    assert "https://palark.com/" in told


def test_explain_tells_the_incidents_that_a_detector_points_to(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["snowpit", "explain", "slow-webhook"]) == 0
    told = capsys.readouterr().out.partition("Published incidents:\n")[2]
    assert [line.split(":")[0].strip() for line in told.splitlines()] == ["K09", "K23"]


def test_explain_lists_all_incidents(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["snowpit", "explain"]) == 0
    told = capsys.readouterr().out
    assert [item.id for item in incidents() if f"\n  {item.id} " not in told] == []


def test_the_page_of_incidents_has_a_heading_for_each() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "incidents.md"
    shown = page.read_text("utf-8")
    assert [item.id for item in incidents() if f"\n## {item.id}\n" not in shown] == []
