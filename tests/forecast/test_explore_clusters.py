"""Sweeps on real clusters give what this machine gives, also when a worker dies under way."""

import os
import signal
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from threading import Thread

import pytest

from snowpit.forecast.explore.back_ends import opened, results
from snowpit.forecast.explore.gathered import Exploration
from snowpit.workflow.explore import Varied, explored
from support import clusters

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are found through /proc")

SETTINGS = ("horizon=120s", "clients.apps.count=200", "kubelets.count=100")
OVER = ("tokens=10,50", "limit=100,200,400")
PATIENCE_S = 60.0


def swept(cluster: str = "local", progress: Callable[[int, int], None] | None = None) -> Exploration:
    varied = Varied("incident-1.12", SETTINGS)
    return explored(
        varied,
        varied.axes(OVER),
        question="ending",
        seeds=range(1, 4),
        cluster=cluster,
        progress=progress,
    )


@pytest.mark.skipif(find_spec("distributed") is None, reason="Dask is not installed")
def test_dask_gives_the_same_and_loses_nothing_when_a_worker_dies(tmp_path: Path) -> None:
    here = swept()
    killed: list[int] = []

    def kill(done: int, _total: int) -> None:
        if done == 3:
            killed.append(cluster.workers()[0])
            os.kill(killed[0], signal.SIGKILL)

    with clusters.dask(tmp_path) as cluster:
        with opened(cluster.address) as where:
            assert {pid for _, pid in results(os.getsid, [0] * 8, where)} == set(cluster.workers())
        assert swept(cluster.address, kill) == here
    assert len(killed) == 1


@pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")
def test_ray_gives_the_same_and_loses_nothing_when_a_worker_dies() -> None:
    here = swept()
    killed: list[int] = []

    def kill() -> None:
        until = time.monotonic() + PATIENCE_S
        while not (found := cluster.workers()) and time.monotonic() < until:
            time.sleep(0.01)
        os.kill(found[0], signal.SIGKILL)
        killed.append(found[0])

    with clusters.ray() as cluster:
        killer = Thread(target=kill)
        killer.start()
        assert swept(cluster.address) == here
        killer.join()
    assert len(killed) == 1
