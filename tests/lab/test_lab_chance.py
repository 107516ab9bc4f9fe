"""Draws follow their laws, and a stream is the same in every run."""

from math import exp, inf

import pytest

from snowpit.cluster.control_plane import Sourced, simulated, with_values
from snowpit.cluster.workload import Delay
from snowpit.knowledge.version import Version
from snowpit.lab.chance import drawer
from snowpit.lab.storage.latency import latency

DRAWS = 40_000


@pytest.mark.parametrize(
    ("law", "median"),
    [("exponential", 0.69315), ("uniform", 1.0), ("lognormal", exp(-0.125))],
)
def test_mean_and_median_are_those_of_the_law(law: str, median: float) -> None:
    draw = drawer(Delay(law=law, mean_s=2.0, sigma=0.5), "1:x")
    drawn = sorted(draw() for _ in range(DRAWS))
    assert sum(drawn) / DRAWS == pytest.approx(2.0, rel=0.02)
    assert drawn[DRAWS // 2] == pytest.approx(2.0 * median, rel=0.02)


def test_constants_and_never_are_themselves() -> None:
    assert drawer(Delay(mean_s=0.1), "1:x")() == 0.1
    assert drawer(Delay(law="exponential", mean_s=0.0), "1:x")() == 0.0
    assert drawer(Delay(mean_s=inf), "1:x")() == inf


def test_streams_repeat_and_differ() -> None:
    law = Delay(law="exponential", mean_s=1.0)
    one, again, other = (drawer(law, stream) for stream in ("1:a", "1:a", "1:b"))
    drawn = [one() for _ in range(5)]
    assert drawn == [again() for _ in range(5)]
    assert drawn != [other() for _ in range(5)]


def test_reads_of_the_store_take_what_the_control_plane_says() -> None:
    plane = simulated(Version.parse("1.12.4"))
    draw = latency(plane, 1, "apiserver-0")
    assert sum(draw() for _ in range(DRAWS)) / DRAWS == pytest.approx(0.0022, rel=0.02)
    exact = with_values(plane, {"loopback_read_sigma": Sourced(0.0, "", "scenario", "")})
    assert latency(exact, 1, "apiserver-0")() == 0.0022
