"""The simulated API server does what a recorded kube-apiserver 1.13.5 did (data/real-apiserver/README.md)."""

from statistics import correlation, median
from typing import Any, NamedTuple

import pytest

from snowpit.cluster import scenario_file
from snowpit.model.request import STORED
from snowpit.model.sample import Run
from snowpit.simulate import simulate
from snowpit.simulate.rows import START

RECEIVED, FINISHED, CODE = (
    [one.name for one in STORED].index(name) for name in ("received", "finished", "code")
)
BURST_S = 10.0


class Seen(NamedTuple):
    """What came of a recorded experiment: ends of the 201s after the burst, their sojourns, other answers."""

    ends: list[float]
    sojourns: list[float]
    codes: list[int]
    run: Run

    def per_second(self, first: int, last: int, *, start: float = 0.0) -> list[int]:
        """201s in each whole second of a stretch."""
        return [sum(start + k <= end < start + k + 1 for end in self.ends) for k in range(first, last)]


def seen(name: str, *, since: float = BURST_S) -> Seen:
    rows: list[tuple[Any, ...]] = []
    run = simulate(scenario_file.load(f"real-apiserver-{name}"), seed=1, keep_requests=rows.extend)
    assert not run.overflow
    good = [row for row in rows if row[CODE] == 201]
    return Seen(
        ends=sorted((row[FINISHED] - START) / 1e6 - since for row in good),
        sojourns=sorted((row[FINISHED] - row[RECEIVED]) / 1e6 for row in good),
        codes=[row[CODE] for row in rows],
        run=run,
    )


def about(value: float, share: float = 0.03) -> Any:
    return pytest.approx(value, rel=share)


@pytest.mark.parametrize("tokens", ["same", "distinct"])
@pytest.mark.parametrize(("asked", "refused"), [(200, 0), (500, 300), (1000, 800)])
def test_burst_fills_200_seats_and_drains_by_the_law(tokens: str, asked: int, refused: int) -> None:
    found = seen(f"burst-{asked}-{tokens}")
    assert (found.codes.count(201), found.codes.count(429), len(found.codes)) == (200, refused, asked)
    assert found.ends[0] == about((200 - 100) / 50)
    assert found.ends[-1] == about((2 * 200 - 100) / 50)
    assert median(found.sojourns) == about(4.0)
    assert all(abs(count - 50) <= 1 for count in found.per_second(2, 6))


@pytest.mark.parametrize("tokens", ["same", "distinct"])
def test_burst_of_50_passes_on_the_buckets_tokens_alone(tokens: str) -> None:
    found = seen(f"burst-50-{tokens}")
    assert found.codes == [201] * 50
    assert found.sojourns[-1] < 0.113  # the slowest recorded


def test_retry_storm_of_distinct_tokens_ends_when_the_limiter_has_passed_all_reads() -> None:
    found = seen("retry-storm-distinct")
    assert found.codes.count(201) == 1000
    assert len(found.codes) == about(13_525)
    assert found.ends[-1] == about(38.006)
    assert median(found.sojourns) == about(7.6)
    assert found.sojourns[-1] == about(8.07)


def test_retry_storm_of_distinct_tokens_succeeds_in_pulses_of_about_8_s() -> None:
    counts = seen("retry-storm-distinct").per_second(0, 38)
    assert counts[0:2] == [0, 0]
    alike = {lag: correlation(counts[:-lag], counts[lag:]) for lag in range(4, 13)}
    assert max(alike, key=lambda lag: alike[lag]) in (7, 8, 9)
    assert max(alike.values()) > 0.5
    assert alike[4] < 0.0


def test_retry_storm_of_one_token_ends_with_the_first_herd() -> None:
    found = seen("retry-storm-same")
    assert found.codes.count(201) == 1000
    assert found.codes.count(429) == about(1600)
    assert found.ends[0] == about(2.1, 0.05)
    assert found.ends[-1] == about(6.1)


def test_cold_reviews_back_to_back_spend_the_burst_and_then_go_25_a_second() -> None:
    found = seen("cold-back-to-back", since=0.0)
    assert found.ends[48] < 49 * 0.0055
    assert set(found.per_second(2, 59)) == {25}


def test_token_of_a_deleted_secret_costs_one_read_each_time() -> None:
    found = seen("deleted-token", since=0.0)
    assert all(abs(count - 50) <= 1 for count in found.per_second(3, 59))
    assert sum(found.run.samples.servers[0]["loopback_reads"]) == about(len(found.codes), 0.001)
    assert sum(found.run.samples.servers[0]["cache_hits"]) == 0


def test_garbage_token_costs_no_read_and_no_time() -> None:
    found = seen("garbage-token", since=0.0)
    assert sum(found.run.samples.servers[0]["loopback_reads"]) == 0
    assert 0.0003 <= median(found.sojourns) <= 0.0015


def test_masters_are_never_refused_and_wait_for_all_reads_ahead() -> None:
    found = seen("masters-500")
    assert found.codes == [201] * 500
    assert found.ends[0] == about((500 - 100) / 50)
    # As recorded. The 500 may have come in over some time; the recording does not say.
    assert found.ends[0] == about(7.4, 0.1)
    assert found.ends[-1] == about(18.0)


def test_cached_and_cold_reviews_take_as_long_as_recorded() -> None:
    assert median(seen("cached", since=0.0).sojourns) == pytest.approx(0.00086, rel=0.15)
    assert median(seen("cold", since=0.0).sojourns) == pytest.approx(0.0053, rel=0.15)
