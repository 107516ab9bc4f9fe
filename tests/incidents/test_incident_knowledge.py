"""Published incidents are complete, point to detectors, and are found again from findings."""

import re

import pytest

from snowpit.diagnose.registry import DETECTORS, name_of
from snowpit.knowledge.incidents import Incident, incidents, similar
from snowpit.knowledge.ranges import incident_files, tables
from snowpit.knowledge.version import Version

ALL = incidents()
OVERLOADS = tuple(item for item in ALL if not item.control)
KEYS = {
    *("id", "title", "where", "kubernetes", "mechanism", "trigger", "sustaining", "self_sustaining"),
    *("fix", "lessons", "sources", "signature"),
}
MAY = {"year", "versions", "number", "control"}


def name(incident: Incident) -> str:
    return incident.id


def test_there_are_24_overloads_and_two_controls() -> None:
    assert [item.id for item in ALL] == [*(f"K{number:02}" for number in range(1, 25)), "N01", "N02"]
    assert [item.id for item in ALL if item.control] == ["N01", "N02"]


@pytest.mark.parametrize("file", incident_files())
def test_each_file_holds_what_the_schema_asks_for_and_nothing_else(file: str) -> None:
    raw = tables("incidents", file)
    assert set(raw) >= KEYS
    assert set(raw) <= KEYS | MAY
    assert file == f"{raw['id']}.toml"
    assert set(raw["signature"]) >= {"cause", "beside", "observations"}
    assert set(raw["signature"]) <= {"cause", "beside", "observations", "clients"}


@pytest.mark.parametrize("incident", ALL, ids=name)
def test_each_incident_is_told_in_sentences_with_addresses(incident: Incident) -> None:
    assert incident.self_sustaining in {"yes", "likely", "no"}
    assert bool(incident.sustaining) == (incident.self_sustaining != "no")
    assert not incident.title.endswith(".")
    sentences = [incident.mechanism, incident.trigger, *incident.fix, *incident.lessons]
    assert [text for text in sentences if not text.endswith(".")] == []
    assert all(re.fullmatch(r"https://\S+", address) for address in incident.sources)
    assert incident.fix
    assert incident.sources
    assert incident.year is None or 2014 <= incident.year <= 2026
    assert bool(incident.signature.cause) != incident.control
    assert not set(incident.signature.cause) & set(incident.signature.beside)
    assert all(client == client.lower() for client in incident.signature.clients)


@pytest.mark.parametrize("incident", OVERLOADS, ids=name)
def test_each_overload_is_the_best_match_for_its_own_signature(incident: Incident) -> None:
    signature = incident.signature
    found = (*signature.cause, *signature.beside)
    ranked = [item.incident.id for item in similar(found, None, words=" ".join(signature.clients))]
    assert incident.id in ranked[:3]


def test_signatures_name_detectors_only() -> None:
    named = {name for item in ALL for name in (*item.signature.cause, *item.signature.beside)}
    assert named - {name_of(detector) for detector in DETECTORS} == set()


def test_controls_are_never_similar_to_findings() -> None:
    every = sorted({name for item in ALL for name in (*item.signature.cause, *item.signature.beside)})
    assert not [item for item in similar(every, None) if item.incident.control]


def test_what_only_suffers_is_no_shared_cause() -> None:
    found = ("slow_webhook", "heartbeat_pressure")
    assert "K02" in [item.incident.id for item in similar(found, None)]
    suffering = similar(found, None, victims=("heartbeat_pressure",))
    assert [(item.incident.id, item.cause) for item in suffering] == [
        ("K09", "slow_webhook"),
        ("K23", "slow_webhook"),
    ]
    assert suffering[0].shared == found


def test_nothing_is_similar_to_no_finding() -> None:
    assert similar((), Version(1, 12)) == ()


def test_a_client_of_the_same_name_comes_first() -> None:
    without = [item.incident.id for item in similar(("list_storm",), None)]
    named = similar(("list_storm",), None, words="LISTs by kyverno-reports-controller hold the seats")
    assert without[0] != "K21"
    assert (named[0].incident.id, named[0].client) == ("K21", "kyverno")


def test_the_finding_ranked_first_counts_more_than_the_ones_below() -> None:
    assert similar(("slow_webhook", "invalid_tokens"), None)[0].cause == "slow_webhook"
    assert similar(("invalid_tokens", "slow_webhook"), None)[0].incident.id == "K20"


@pytest.mark.parametrize(("version", "other"), [("1.13.5", False), ("1.13.12", True), ("1.31.0", True)])
def test_a_release_without_the_mechanism_is_said_to_be_another_one(version: str, *, other: bool) -> None:
    (found,) = similar(("loopback_starvation",), Version.parse(version))
    assert (found.incident.id, found.other_release) == ("K01", other)


def test_numbers_are_printed_with_their_unit_and_mark() -> None:
    by_id = {item.id: item for item in ALL}
    assert str(by_id["K01"].figures[0]) == "lines on throttled requests in 5 min 45 s: 5,698"
    assert str(by_id["K01"].figures[2]) == "wait of one look-up: 3.04 s"
    assert str(by_id["K19"].figures[-1]).endswith(": 35 (derived)")
