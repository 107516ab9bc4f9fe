"""What events of a scenario do to a run that is under way."""

from threading import Thread

import pytest

from snowpit.cluster.scenario import Scenario
from snowpit.cluster.scenario_file import parse
from snowpit.errors import ScenarioError
from snowpit.simulate import compiled, simulate
from snowpit.simulate.rows import named

HEAD = 'name = "small"\nextends = "incident-1.12"\nevents_replace = true\nhorizon = "400s"\n'


def scenario(event: str) -> Scenario:
    return parse(f'{HEAD}[[events]]\nat = "100s"\n{event}\n'.encode(), place="small")


@pytest.mark.parametrize("version", ["1.22.0", "1.34.0"])
def test_an_upgrade_may_bring_priority_and_fairness(version: str) -> None:
    run = simulate(scenario(f'action = "upgrade"\nversion = "{version}"'), seed=1)
    answered = run.samples.servers[0]["answered"]
    assert min(answered[20:]) > 0.8 * min(answered[2:9])
    assert max(run.samples.servers[0]["rejected"]) == 0


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("clients.apps.count", "3000"),
        ("servers", "2"),
        ("priority_and_fairness", "true"),
        ("token_cache_entries", "64"),
        ("clients.apps.service", '"lognormal:8ms:0.9"'),
    ],
)
def test_what_the_arrays_of_a_run_are_made_for_cannot_change_under_way(key: str, value: str) -> None:
    with pytest.raises(ScenarioError, match="cannot change while a run lasts"):
        simulate(scenario(f'action = "set"\nkey = "{key}"\nvalue = {value}'), seed=1)


def test_a_backlog_larger_than_the_agenda_is_queued_whole() -> None:
    run = simulate(scenario('action = "backlog"\nlookups = 60_000'), seed=1)
    assert run.overflow == ""
    assert max(run.samples.servers[0]["backlog"]) > 59_000


@pytest.mark.parametrize("order", ["lifo", "codel"])
def test_another_order_at_the_limiter_does_not_stretch_a_reviews_handler(order: str) -> None:
    text = f'{HEAD}[switches]\nlimiter_order = "{order}"\n[[events]]\nat = "100s"\naction = "backlog"\nlookups = 500\n'
    run = simulate(parse(text.encode(), place="small"), seed=1)
    reviews = run.samples.clients["metrics-server/tokenreviews"]
    assert sum(reviews["goodput"]) > 1000
    assert sum(reviews["timeouts"]) == 0


def test_kubelets_share_no_limiter_with_other_clients() -> None:
    limited = (
        'name = "limited"\n[control_plane]\nversion = "1.12.4"\n[kubelets]\ncount = 5\n[heartbeats]\nenabled = false\n'
        '[[scrapers]]\nname = "metrics-server"\nversion = "0.3.1"\ncredential = "legacy_token"\n'
        '[[clients]]\nname = "busy"\ncount = 5\ncredential = "certificate"\nthink = "10ms"\nqps = 1\nburst = 1\n'
    )
    run = simulate(parse(f'horizon = "300s"\n{limited}'.encode(), place="limited"), seed=1)
    scrapes = run.samples.clients["metrics-server"]
    assert sum(scrapes["goodput"]) == sum(scrapes["calls"]) > 0
    assert sum(scrapes["sojourn_s"]) / sum(scrapes["goodput"]) < 0.1


def test_names_of_a_scenario_are_no_programs() -> None:
    assert (
        named("{0.__class__}{client}{client.real}{token}", client=3, token=4)
        == "{0.__class__}3{client.real}4"
    )


def test_threads_that_start_together_get_one_kernel() -> None:
    found: list[object] = []
    threads = [Thread(target=lambda: found.append(compiled.kernel())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(item) for item in found}) == 1
