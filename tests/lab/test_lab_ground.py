import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snowpit.errors import LabError, SnowpitError
from snowpit.lab import virtual
from snowpit.lab.clock import Clock, moment
from snowpit.lab.conduct import calls
from snowpit.lab.wire import Credential, Request


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30))
@settings(max_examples=50, deadline=None)
def test_virtual_timers_run_at_their_instant_in_order_of_setting(delays: list[float]) -> None:
    seen: list[tuple[float, int]] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def note(number: int) -> None:
            seen.append((loop.time(), number))

        for number, delay in enumerate(delays):
            loop.call_at(delay, note, number)
        await asyncio.sleep(max(delays) + 1)

    virtual.run(main())
    assert seen == sorted((delay, number) for number, delay in enumerate(delays))


def test_virtual_time_makes_no_errors_of_its_own() -> None:
    async def main() -> float:
        for _ in range(1000):
            await asyncio.sleep(0.02)
        return asyncio.get_running_loop().time()

    expected = 0.0
    for _ in range(1000):
        expected += 0.02
    assert virtual.run(main()) == expected


def test_waiting_for_nothing_is_an_error_not_a_hang() -> None:
    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(SnowpitError, match="never comes"):
        virtual.run(main())


def test_a_time_limit_strikes_on_virtual_time() -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30.0):
                await asyncio.sleep(3600.0)
        return asyncio.get_running_loop().time()

    assert virtual.run(main()) == 30.0


def test_a_clock_tells_instants() -> None:
    async def main() -> tuple[int, datetime]:
        clock = Clock(asyncio.get_running_loop().time(), 1_577_836_800_000_000)
        await asyncio.sleep(61.5)
        return clock.stamp(), clock.moment()

    stamp, instant = virtual.run(main())
    assert stamp == 1_577_836_861_500_000
    assert instant == datetime(2020, 1, 1, 0, 1, 1, 500_000, tzinfo=UTC) == moment(stamp)


def test_credentials_and_bodies_are_never_shown() -> None:
    shown = repr(Credential(certificate="node-1", token="sensitive", basic="sensitive"))  # noqa: S106 - made up
    shown += repr(Request(method="POST", path="/", body=b"sensitive"))
    assert "sensitive" not in shown
    assert "node-1" in shown


def test_calls_between_processes(tmp_path: Path) -> None:
    async def double(number: int) -> int:
        return 2 * number

    async def refuse() -> None:
        raise LabError("It cannot.", "Do something else.")

    async def main() -> None:
        path = tmp_path / "control.sock"
        runner = await calls.answer(path, {"double": double, "refuse": refuse})
        assert path.stat().st_mode & 0o077 == 0
        assert await calls.call(path, "double", {"number": 21}) == 42
        with pytest.raises(LabError, match="cannot") as found:
            await calls.call(path, "refuse", {})
        assert found.value.hint == "Do something else."
        with pytest.raises(LabError, match="does not know"):
            await calls.call(path, "other", {})
        await runner.cleanup()
        with pytest.raises(LabError, match="No lab answers"):
            await calls.call(path, "double", {"number": 1})

    asyncio.run(main())


def test_a_path_too_long_for_a_socket_is_told(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="too long"):
        asyncio.run(calls.answer(tmp_path / ("x" * 120), {}))
