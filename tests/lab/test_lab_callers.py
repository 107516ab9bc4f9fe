"""Clients of the lab try again when, and as often as, those of the simulator and of client-go."""

import asyncio
from itertools import pairwise
from random import Random

import pytest

from snowpit.cluster.workload import Retry
from snowpit.lab import virtual
from snowpit.lab.around.caller import Caller, Limiter
from snowpit.lab.around.kubelets import address
from snowpit.lab.around.places import Places
from snowpit.lab.around.tally import Tally
from snowpit.lab.clock import Clock
from snowpit.lab.network.memory import MemoryNetwork
from snowpit.lab.wire import LostError, Request, Response
from snowpit.mechanism import backoff

KUBELET = Retry(inner_tries=10, steps=5, base_s=0.5, factor=1.5, on=("rejected", "timed_out", "reset"))
FULL = Response(429, {"Retry-After": "1"})


def attempts(
    answers: list[Response | float], retry: Retry, *, patience: float = float("inf"), qps: float = 0.0
) -> tuple[list[float], dict[str, float], bool]:
    """Instants of the attempts of one call; an answer that is a number is a time for which the server says nothing."""

    async def main() -> tuple[list[float], dict[str, float], bool]:
        loop = asyncio.get_running_loop()
        clock, seen = Clock(loop.time(), 0), []
        tally = Tally(clock, 1e9)
        caller = Caller(
            retry,
            lambda: patience,
            Limiter(qps, 1.0),
            tally=tally,
            clock=clock,
            chance=Random(1),  # noqa: S311
        )

        async def send() -> Response:
            seen.append(loop.time())
            answer = answers[min(len(seen), len(answers)) - 1]
            if isinstance(answer, float):
                await asyncio.sleep(answer)
                return Response(200)
            return answer

        good = await caller.call(send)
        return seen, dict(tally.total()), good is not None

    return virtual.run(main())


def test_refusals_are_repeated_after_the_seconds_that_they_tell() -> None:
    seen, counts, good = attempts([FULL, FULL, FULL, Response(201)], KUBELET)
    assert (seen, good) == ([0.0, 1.0, 2.0, 3.0], True)
    assert (counts["attempts"], counts["refusals"], counts["goodput"], counts["sojourn_s"]) == (4, 3, 1, 3.0)


def test_refused_for_good_a_kubelet_tries_five_rows_of_ten() -> None:
    seen, counts, good = attempts([FULL], KUBELET)
    law = backoff.Law(5, 0.5, 1.5, 0.0, float("inf"))
    gaps = [now - before for before, now in pairwise(seen)]
    assert len(seen) == 50
    assert not good
    assert gaps[9::10] == [pytest.approx(backoff.delay(law, k, 0.0)) for k in range(1, 5)]
    assert counts["failed"] == 1


def test_time_outs_follow_the_outer_law_alone() -> None:
    seen, counts, good = attempts([Response(504)], KUBELET)
    assert seen == pytest.approx([0.0, 0.5, 1.25, 2.375, 4.0625])
    assert (counts["timeouts"], good) == (5, False)


def test_patience_ends_an_attempt_and_is_no_reason_to_repeat_for_a_kubelet() -> None:
    seen, counts, good = attempts([40.0], KUBELET, patience=30.0)
    assert (seen, counts["timeouts"], good) == ([0.0], 1, False)
    again = Retry(steps=3, base_s=1.0, on=("abandoned",))
    assert attempts([40.0, 40.0, 1.0], again, patience=30.0)[0] == [0.0, 31.0, 62.0]


def test_a_bound_holds_for_the_whole_call() -> None:
    bound = Retry(inner_tries=10, steps=5, base_s=0.5, bound_s=2.5, on=("rejected",))
    assert attempts([FULL], bound)[0] == [0.0, 1.0, 2.0]


def test_the_clients_own_limiter_spaces_its_attempts() -> None:
    assert attempts([FULL, FULL, Response(200)], KUBELET, qps=0.5)[0] == [0.0, 2.0, 4.0]


def test_other_refusals_are_final() -> None:
    assert len(attempts([Response(403)], KUBELET)[0]) == 1
    assert len(attempts([Response(401)], KUBELET)[0]) == 1


def test_a_network_in_memory_loses_what_a_server_took_with_it() -> None:
    async def main() -> list[object]:
        network = MemoryNetwork({})
        seen: list[object] = []

        async def handle(request: Request) -> Response:
            seen.append((request.path, request.query, request.headers.get("authorization")))
            await asyncio.sleep(10)
            return Response(200)

        network.attach("127.0.0.1:1", handle)
        task = asyncio.ensure_future(network.send("127.0.0.1:1", "GET", "/a%20b?x=1&x=2"))
        await asyncio.sleep(1)
        network.detach("127.0.0.1:1")
        with pytest.raises(LostError):
            await task
        with pytest.raises(LostError):
            await network.send("127.0.0.1:1", "GET", "/")
        return seen

    assert virtual.run(main()) == [("/a b", {"x": "2"}, None)]


def test_a_client_that_hangs_up_is_noticed_and_the_work_goes_on() -> None:
    async def main() -> list[str]:
        network, seen = MemoryNetwork({}), []

        async def handle(request: Request) -> Response:
            await request.gone.wait()
            seen.append("gone")
            await asyncio.sleep(5)
            seen.append("done")
            return Response(200)

        network.attach("127.0.0.1:1", handle)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await network.send("127.0.0.1:1", "GET", "/")
        await asyncio.sleep(10)
        return seen

    assert virtual.run(main()) == ["gone", "done"]


def test_clients_of_a_lost_server_go_to_the_others_and_come_back() -> None:
    places = Places(["a", "b", "c"])
    assert [places.address(i) for i in range(4)] == ["a", "b", "c", "a"]
    places.move(1, away=True)
    assert {places.address(i) for i in range(30)} == {"a", "c"}
    places.move(1, away=False)
    assert places.address(1) == "b"


def test_every_kubelet_has_an_address_of_its_own_on_loopback() -> None:
    found = {address(node) for node in range(70_000)}
    assert len(found) == 70_000
    assert all(one.startswith("127.") and one.endswith(":10250") for one in found)
