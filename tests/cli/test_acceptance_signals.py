"""A statement that would run for hours ends with the signal, and says so by its exit code."""

import os
import signal
import threading
from pathlib import Path

import pytest

from snowpit.store import Tables

ENDLESS = (
    "SELECT count(*) FROM range(20000) a, range(20000) b, range(20000) c WHERE a.range + b.range > c.range"
)


class Stop(Exception):  # noqa: N818 - stands for whatever a handler raises
    """Raised by the handler of the test."""


def signalled(tables: Tables, delay_s: float) -> None:
    threading.Timer(delay_s, os.kill, args=(os.getpid(), signal.SIGUSR1)).start()
    tables.select(ENDLESS)


@pytest.mark.parametrize("delay_s", [0.0, 0.05, 0.3])
def test_a_signal_ends_a_single_task_of_the_database(delay_s: float) -> None:
    def stop(*_: object) -> None:
        raise Stop

    before = signal.signal(signal.SIGUSR1, stop)
    watchdog = threading.Timer(20, os._exit, args=(9,))
    watchdog.start()
    try:
        with Tables() as tables:
            place = Path(tables.directory)
            with pytest.raises(Stop):
                signalled(tables, delay_s)
            assert tables.select("SELECT 1 AS one") == (["one"], [(1,)])
        assert not place.exists()
    finally:
        watchdog.cancel()
        signal.signal(signal.SIGUSR1, before)
