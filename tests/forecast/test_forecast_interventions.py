"""Interventions: what is proposed where, that each can be simulated, and that its words are there."""

from dataclasses import replace

import pytest

from snowpit.cluster.change import apply
from snowpit.cluster.scale import scaled
from snowpit.cluster.scenario_file import load
from snowpit.forecast.candidates import INTERVENTIONS, PAIRS, candidates
from snowpit.forecast.closed import closed_form
from snowpit.forecast.remedies import texts
from snowpit.forecast.starts import present, settled
from snowpit.forecast.trials import with_intervention
from snowpit.knowledge.ranges import tables
from snowpit.model.forecast import State
from snowpit.simulate import simulate

INCIDENT = load("incident-1.12")
SMALL = scaled(INCIDENT, 0.05)


def test_each_intervention_has_its_words_in_the_same_order() -> None:
    assert list(texts()) == list(INTERVENTIONS)
    for raw in tables("interventions.toml")["intervention"]:
        assert raw["when"] in ("immediate", "lasting")
        assert raw["steps"]
        assert raw["source"]


def test_the_incident_is_offered_all_but_what_its_version_lacks() -> None:
    found = candidates(INCIDENT)
    assert set(INTERVENTIONS) - {ids[0] for ids in found if len(ids) == 1} == {
        "upgrade_patch"
    }  # no 1.12.x lifts the limit
    assert {ids for ids in found if len(ids) > 1} == set(PAIRS)


def test_a_later_version_is_offered_no_upgrade_to_an_earlier_one() -> None:
    names = {ids[0] for ids in candidates(load("healthy-1.18"))}
    assert not names & {
        "upgrade_1_14",
        "upgrade_1_17",
        "upgrade_1_18",
        "upgrade_patch",
        "lookup_off",
        "longer_token_cache",
    }


@pytest.mark.parametrize(
    ("version", "patch"), [("1.13.5", "1.13.12"), ("1.16.0", "1.16.1"), ("1.13.12", ""), ("1.12.4", "")]
)
def test_the_patch_release_without_limiter_is_the_one_of_the_minor_version(version: str, patch: str) -> None:
    found = candidates(apply(INCIDENT, "version", version)).get(("upgrade_patch",))
    assert (found.acts[0].settings["version"] if found else "") == patch


def test_what_is_done_already_is_not_offered() -> None:
    done = settled(load("incident-1.12-certificate"))
    names = {ids[0] for ids in candidates(done)}
    assert not names & {"scraper_certificate", "scraper_static_token", "stop_scraper"}


@pytest.mark.parametrize("ids", list(candidates(SMALL)), ids="+".join)
def test_each_can_be_simulated(ids: tuple[str, ...]) -> None:
    start = present(SMALL, None)
    assert start is not None
    short = start._replace(scenario=replace(start.scenario, horizon_s=start.now_s + 60.0))
    made = with_intervention(short, candidates(short.scenario)[ids])
    run = simulate(made.scenario, seed=1)
    assert run.ended_s == made.scenario.horizon_s
    assert not run.overflow


@pytest.mark.parametrize(
    "ids",
    [ids for ids, one in candidates(SMALL).items() if one.base == SMALL and not one.from_start],
    ids="+".join,
)
def test_until_it_is_done_nothing_differs(ids: tuple[str, ...]) -> None:
    start = present(SMALL, None)
    assert start is not None
    change = candidates(start.scenario)[ids]
    cut = replace(with_intervention(start, change).scenario, horizon_s=start.now_s - 10.0)
    plain = replace(start.scenario, horizon_s=start.now_s - 10.0)
    assert simulate(cut, seed=2).samples.servers == simulate(plain, seed=2).samples.servers


@pytest.mark.parametrize("name", ["scraper_certificate", "upgrade_1_14", "upgrade_1_17", "lookup_off"])
def test_what_lasts_removes_the_bad_state_by_closed_form(name: str) -> None:
    fixed = candidates(settled(INCIDENT))[name,].fixed
    assert fixed is not None
    assert closed_form(fixed).state is State.HEALTHY


@pytest.mark.parametrize("name", ["raise_mutating_limit", "lower_mutating_limit"])
def test_the_limit_alone_does_not_remove_it(name: str) -> None:
    fixed = candidates(settled(INCIDENT))[name,].fixed
    assert fixed is not None
    assert closed_form(fixed).state is State.VULNERABLE


def test_halves_of_a_population_are_the_whole() -> None:
    base = candidates(INCIDENT)["fewer_clients",].base
    halves = [one for one in base.clients if one.name in ("apps", "apps-moved")]
    assert sum(one.count for one in halves) == 1400
    assert sum(one.tokens.count for one in halves) == 100
