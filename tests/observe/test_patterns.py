"""Shapes in time: the limiter's law, retries, stalls, modes, and what the recorded evidence shows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import snowpit
from snowpit.ingest import read
from snowpit.model.observation import Observed
from snowpit.observe import observe
from snowpit.store import Tables

T0 = 1_700_000_000_000_000
RECORDED = Path(snowpit.__file__).parent / "evidence" / "real-apiserver-1.13.5" / "audit.log.gz"


def attempt(start_s: float, lasts_s: float, **other: object) -> dict[str, object]:
    """A TokenReview by a kubelet; times in seconds since T0."""
    start = T0 + round(start_s * 1e6)
    row: dict[str, object] = {
        "received": start,
        "finished": start + round(lasts_s * 1e6),
        "verb": "create",
        "group": "authentication.k8s.io",
        "resource": "tokenreviews",
        "user": "system:node:a",
        "code": 201,
        "stage": "ResponseComplete",
        "level": "Metadata",
        "file": 0,
        "line": 1,
    }
    return {**row, **other}


def observed(rows: list[dict[str, object]]) -> Observed:
    with Tables() as tables:
        tables.append(rows)
        return observe(tables)


def burst(at_s: float, size: int) -> Iterator[dict[str, object]]:
    """A burst behind a bucket of 50 a second, burst 100, two tokens each: nothing before (M - 100)/50 s."""
    for index in range(size):
        yield attempt(at_s, (size - 100) / 50 + (index + 0.5) / 50, user=f"system:node:n{index}")


def test_bursts_behind_a_token_bucket_drain_at_its_rate() -> None:
    rows = [row for pulse in range(5) for row in burst(pulse * 12.0, 300)]
    drain = observed(rows).drains[0]
    assert drain.rate == pytest.approx(50)
    assert drain.regular == 1.0
    assert (drain.pulses, drain.period_s) == (5, 12.0)
    assert 3 <= drain.silence_s <= 4


def test_a_drain_at_a_changing_rate_is_not_regular() -> None:
    rows = [attempt(0, 2 + at + index / (10 + 7 * at)) for at in range(12) for index in range(10 + 7 * at)]
    drain = observed(rows).drains[0]
    assert drain.regular < 0.5


def test_a_retry_is_the_same_wish_soon_after_a_failure() -> None:
    gaps = (1.0, 2.0, 4.0)
    rows, at = [attempt(0, 0.1, code=429)], 0.1
    for gap in gaps:
        rows.append(attempt(at + gap, 0.1, code=429))
        at += gap + 0.1
    rows += [attempt(at + 200, 0.1), attempt(at + 201, 0.1), attempt(5, 0.1, user="system:node:b")]
    found = observed(rows).retries
    assert (found.attempts, found.retries, found.after_rejection) == (7, 3, 3)
    assert found.amplification == pytest.approx(7 / 4)
    assert found.growing == 1.0
    assert found.gap_p50_s == pytest.approx(2.0, rel=0.05)
    assert found.longest[0].attempts == 4


def test_successes_are_never_retried() -> None:
    found = observed([attempt(second, 0.1) for second in range(50)]).retries
    assert (found.attempts, found.retries, found.amplification) == (0, 0, 1.0)


def server(stall_s: float, *, all_classes: bool) -> list[dict[str, object]]:
    """Five classes at 10 a second each for a minute; from second 30 on requests wait until 30 + stall_s."""
    rows = []
    for index, resource in enumerate(("pods", "nodes", "leases", "events", "secrets")):
        for tick in range(600):
            start = tick / 10
            stuck = 30 <= start < 30 + stall_s and (all_classes or index == 0)
            lasts = 30 + stall_s - start + 0.01 if stuck else 0.01
            rows.append(attempt(start, lasts, verb="update", group="", resource=resource))
    return rows


def test_a_stall_of_every_class_is_found_and_that_of_one_class_is_not() -> None:
    found = observed(server(5, all_classes=True)).stalls
    assert len(found) == 1
    assert (found[0].classes, found[0].slow_classes) == (5, 5)
    assert found[0].window.end == T0 + 35_000_000
    assert found[0].burst > 100
    assert observed(server(5, all_classes=False)).stalls == ()


def test_a_time_limit_shows_as_a_mode_and_a_spread_does_not() -> None:
    rows = [attempt(index, 30.0 + index / 1000, code=504) for index in range(40)]
    found = observed(rows + [attempt(index, 0.005) for index in range(200)]).modes
    assert [(mode.attempts, mode.code) for mode in found] == [(40, 504)]
    assert found[0].at_s == pytest.approx(30, abs=0.1)
    assert found[0].share == pytest.approx(40 / 240)
    assert observed([attempt(index, 1 + index / 10) for index in range(300)]).modes == ()


@pytest.fixture(scope="module")
def recorded() -> Observed:
    with Tables() as tables:
        read([str(RECORDED)], tables=tables)
        return observe(tables, server_version=(1, 13, 5))


def test_the_recorded_server_shows_two_hundred_seats(recorded: Observed) -> None:
    found = recorded.seats.mutating
    assert found.plateau == 200
    assert found.plateau_share > 0.75
    assert found.rejected == 410
    assert found.rejected_on_plateau > 0.95
    assert found.holders[0].client == "system:node:*"
    assert found.holders[0].share > 0.99


def test_the_recorded_reviews_follow_the_law_of_fifty_a_second(recorded: Observed) -> None:
    drain = recorded.drains[0]
    assert str(drain.key) == "create tokenreviews"
    assert 49 <= drain.rate <= 51
    assert drain.regular >= 0.9
    assert recorded.loopback.busy_s >= 20
    assert [round(mode.at_s) for mode in recorded.modes] == [30]


def test_the_recorded_reviews_name_their_subjects_and_come_evenly(recorded: Observed) -> None:
    found = recorded.review("tokenreviews", "node")
    assert found is not None
    assert all(item.name.startswith("system:serviceaccount:bench:sa-") for item in found.subjects)
    assert found.creators.sources == 502
    assert found.creators.top_share < 0.05
    assert recorded.waves == ()
