"""The store: revisions, conflicts, pages, watches, and what survives a kill."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snowpit.errors import LabError
from snowpit.lab import virtual
from snowpit.lab.api import bootstrap
from snowpit.lab.api.info import request_info
from snowpit.lab.api.rbac import Authorizer
from snowpit.lab.clock import Clock
from snowpit.lab.exchange import User
from snowpit.lab.storage import (
    ConflictError,
    ExistsError,
    ExpiredError,
    NotFoundError,
    Store,
    TokenError,
)

CLOCK = Clock(0.0, 1_577_836_800_000_000)


def thing(name: str, namespace: str = "default", **fields: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, **fields}


def on_store(body: Callable[[Store], Awaitable[None]], **options: Any) -> None:
    """Run a test on a store in memory and on one in a file."""

    async def main(path: str) -> None:
        store = Store(path, CLOCK, **options)
        await body(store)
        store.close()

    virtual.run(main(":memory:"))
    with TemporaryDirectory() as folder:
        virtual.run(main(f"{folder}/store.db"))


def test_a_new_object_gets_uid_time_and_a_revision_that_grows() -> None:
    async def body(store: Store) -> None:
        one = await store.create("configmaps", thing("one"))
        two = await store.create("configmaps", thing("two"))
        assert one["metadata"]["creationTimestamp"] == "2020-01-01T00:00:00Z"
        assert one["metadata"]["uid"] != two["metadata"]["uid"]
        assert int(two["metadata"]["resourceVersion"]) == int(one["metadata"]["resourceVersion"]) + 1
        assert await store.get("configmaps", "default", "one") == one

    on_store(body)


def test_names_are_taken_once_and_missed_when_absent() -> None:
    async def body(store: Store) -> None:
        await store.create("configmaps", thing("one"))
        await store.create("configmaps", thing("one", "other"))
        with pytest.raises(ExistsError):
            await store.create("configmaps", thing("one"))
        with pytest.raises(NotFoundError):
            await store.get("configmaps", "default", "two")
        with pytest.raises(NotFoundError):
            await store.update("configmaps", thing("two"))
        with pytest.raises(NotFoundError):
            await store.delete("configmaps", "default", "two")

    on_store(body)


def test_of_two_updates_from_one_revision_one_conflicts() -> None:
    async def body(store: Store) -> None:
        first = await store.create("configmaps", thing("one"))
        mine, theirs = {**first, "data": {"by": "me"}}, {**first, "data": {"by": "them"}}
        ends = await asyncio.gather(
            store.update("configmaps", mine), store.update("configmaps", theirs), return_exceptions=True
        )
        assert [type(end) for end in ends] == [dict, ConflictError]
        assert "please apply your changes to the latest version" in str(ends[1])
        assert (await store.get("configmaps", "default", "one"))["data"] == {"by": "me"}

    on_store(body)


def test_an_update_without_change_writes_nothing() -> None:
    async def body(store: Store) -> None:
        first = await store.create("configmaps", thing("one"))
        assert await store.update("configmaps", first) == first

    on_store(body)


def test_preconditions_hold_a_deletion() -> None:
    async def body(store: Store) -> None:
        first = await store.create("configmaps", thing("one"))
        with pytest.raises(ConflictError, match="UID in precondition: other"):
            await store.delete("configmaps", "default", "one", uid="other")
        with pytest.raises(ConflictError, match="ResourceVersion in precondition: 99"):
            await store.delete("configmaps", "default", "one", revision="99")
        gone = await store.delete("configmaps", "default", "one", uid=first["metadata"]["uid"])
        assert int(gone["metadata"]["resourceVersion"]) > int(first["metadata"]["resourceVersion"])

    on_store(body)


def test_a_list_in_pages_shows_the_state_of_its_first_page() -> None:
    async def body(store: Store) -> None:
        for name in "abcdef":
            await store.create("configmaps", thing(name))
        before = (await store.list("configmaps")).items
        page = await store.list("configmaps", limit=2)
        seen = page.items
        await store.update("configmaps", thing("d", data={"new": "1"}))
        await store.delete("configmaps", "default", "e")
        await store.create("configmaps", thing("dd"))
        while page.token:
            page = await store.list("configmaps", limit=2, token=page.token)
            seen += page.items
        assert seen == before
        names = [item["metadata"]["name"] for item in (await store.list("configmaps")).items]
        assert names == ["a", "b", "c", "d", "dd", "f"]

    on_store(body)


def test_a_selector_fills_pages_with_what_it_takes() -> None:
    async def body(store: Store) -> None:
        for number in range(20):
            await store.create("configmaps", thing(f"n{number:02}", even=number % 2 == 0))
        page = await store.list("configmaps", keep=lambda item: item["even"], limit=6)
        rest = await store.list("configmaps", keep=lambda item: item["even"], limit=6, token=page.token)
        names = [item["metadata"]["name"] for item in (*page.items, *rest.items)]
        assert names == [f"n{number:02}" for number in range(0, 20, 2)]
        assert (len(page.items), rest.token) == (6, "")

    on_store(body)


def test_one_name_is_found_and_watched_alone() -> None:
    async def body(store: Store) -> None:
        for name, namespace in (("a", "x"), ("b", "x"), ("a", "y")):
            await store.create("configmaps", thing(name, namespace))
        await store.create("nodes", thing("a", ""))
        assert [
            item["metadata"]["namespace"] for item in (await store.list("configmaps", name="a")).items
        ] == ["x", "y"]
        assert len((await store.list("configmaps", "x", name="a")).items) == 1
        assert len((await store.list("nodes", name="a", keep=lambda item: "data" in item)).items) == 0
        page = await store.list("configmaps", name="a", limit=1)
        rest = await store.list("configmaps", name="a", limit=1, token=page.token)
        assert [item["metadata"]["namespace"] for item in (*page.items, *rest.items)] == ["x", "y"]
        watch, since = store.watch("configmaps", "x", name="a"), store.revision()
        for name in ("b", "a"):
            await store.update("configmaps", thing(name, "x", data={"new": "1"}))
        later = store.watch("configmaps", name="a", since=since)
        told = [await watch.next(until=CLOCK.now()) for _ in range(3)]
        assert [event.kind for event in told if event is not None] == ["ADDED", "MODIFIED"]
        assert await later.next(until=CLOCK.now()) == told[1]
        assert store.watchers("configmaps") == 2
        assert (store.count("configmaps"), store.count("nodes"), store.count("pods")) == (3, 1, 0)

    on_store(body)


def test_after_compaction_a_page_expires_with_a_token_for_the_rest() -> None:
    async def body(store: Store) -> None:
        for name in "abcd":
            await store.create("configmaps", thing(name))
        page = await store.list("configmaps", limit=2)
        await store.delete("configmaps", "default", "c")
        store.compact(store.revision())
        with pytest.raises(ExpiredError) as caught:
            await store.list("configmaps", limit=2, token=page.token)
        rest = await store.list("configmaps", limit=2, token=caught.value.token)
        assert [item["metadata"]["name"] for item in rest.items] == ["d"]
        with pytest.raises(ExpiredError, match="too old resource version: 2"):
            store.watch("configmaps", since=2)

    on_store(body)


@pytest.mark.parametrize(
    "token", ["x", "e30", "eyJ2IjoidjEiLCJydiI6MSwic3RhcnQiOiJhIn0", "ü", "=" * 7, "A" * 900]
)
def test_a_forged_token_is_refused(token: str) -> None:
    async def body(store: Store) -> None:
        with pytest.raises(TokenError):
            await store.list("configmaps", limit=2, token=token)

    on_store(body)


def test_history_is_compacted_as_it_grows() -> None:
    async def body(store: Store) -> None:
        for number in range(100):
            await store.create("configmaps", thing(f"n{number}"))
        with pytest.raises(ExpiredError):
            store.watch("configmaps", since=50)
        assert store.watch("configmaps", since=95).ended is False

    on_store(body, history=10)


def test_operations_take_the_drawn_time_times_the_factor() -> None:
    async def body(store: Store) -> None:
        store.factor = 3.0
        await store.create("configmaps", thing("one"))
        await store.get("configmaps", "default", "one")
        await store.get("configmaps", "default", "one", took=0.5)
        assert CLOCK.now() == 0.25 * 3 + 0.25 * 3 + 0.5

    on_store(body, latency=lambda: 0.25)


def test_a_watch_waits_until_its_time_is_over() -> None:
    async def body(store: Store) -> None:
        watch = store.watch("configmaps")
        assert await watch.next(until=7.0) is None
        assert CLOCK.now() == 7.0
        watch.close()
        assert store.watchers("configmaps") == 0

    on_store(body)


NAMES = st.sampled_from("abc")
WRITES = st.lists(st.tuples(st.sampled_from(["put", "delete"]), NAMES, st.booleans()), max_size=25)


@given(WRITES, st.integers(0, 25), st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_watch_replays_any_history(writes: list[tuple[str, str, bool]], begin: int, chosen: bool) -> None:  # noqa: FBT001
    """What a watcher makes of its events equals what a dict makes of the writes; so from any revision on."""
    keep = (lambda item: bool(item["marked"])) if chosen else None

    async def body(store: Store) -> None:
        model: dict[str, bool] = {}
        state: dict[str, bool] = {}
        since = store.revision()
        for number, (action, name, marked) in enumerate(writes):
            if number == begin:
                since, state = store.revision(), dict(model)
            if action == "delete":
                if model.pop(name, None) is not None:
                    await store.delete("configmaps", "default", name)
            elif name in model:
                model[name] = marked
                await store.update("configmaps", thing(name, marked=marked))
            else:
                model[name] = marked
                await store.create("configmaps", thing(name, marked=marked))
        fits = {name: marked for name, marked in model.items() if marked or not chosen}
        seen = {name: marked for name, marked in state.items() if marked or not chosen}
        assert await told(store.watch("configmaps", since=since, keep=keep), seen) == fits
        assert await told(store.watch("configmaps", keep=keep), {}) == fits
        assert {item["metadata"]["name"]: item["marked"] for item in store.scan("configmaps")} == model

    on_store(body)


async def told(watch: Any, state: dict[str, bool]) -> dict[str, bool]:
    """The state that a watcher ends with; each event has to fit the state before it."""
    last = 0
    while (event := await watch.next(until=CLOCK.now())) is not None:
        assert event.revision >= last
        last = event.revision
        item = msgspec.json.decode(event.value)
        name = item["metadata"]["name"]
        assert (name in state) == (event.kind != "ADDED")
        if event.kind == "DELETED":
            del state[name]
        else:
            state[name] = item["marked"]
    return state


WRITER = """
import asyncio, sys, time
from snowpit.lab.api import bootstrap
from snowpit.lab.api.info import request_info
from snowpit.lab.api.rbac import Authorizer
from snowpit.lab.clock import Clock
from snowpit.lab.exchange import User
from snowpit.lab.storage import Store

async def main():
    loop = asyncio.get_running_loop()
    store = Store(sys.argv[1], Clock(loop.time(), 0))
    async def write(name):
        metadata = {"name": name, "namespace": "default"}
        await store.create("configmaps", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
        print(name, flush=True)
    for number in range(1_000_000):
        await asyncio.gather(*(write(f"{sys.argv[2]}-{number}-{part}") for part in range(5)))

asyncio.run(main())
"""


def test_a_killed_writer_loses_no_acknowledged_write(tmp_path: Path) -> None:
    path = str(tmp_path / "store.db")
    acknowledged: set[str] = set()
    for turn in range(6):
        with subprocess.Popen(  # noqa: S603 - our own writer
            [sys.executable, "-c", WRITER, path, f"t{turn}"], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            for _ in range(17 * (turn + 1)):
                acknowledged.add(writer.stdout.readline().strip())
            writer.send_signal(signal.SIGKILL)
            acknowledged |= {line.strip() for line in writer.stdout if line.endswith("\n")}
        store = Store(path, CLOCK)
        kept = {item["metadata"]["name"] for item in store.scan("configmaps")}
        revisions = [int(item["metadata"]["resourceVersion"]) for item in store.scan("configmaps")]
        store.close()
        assert acknowledged <= kept
        assert len(set(revisions)) == len(revisions)
    assert len(acknowledged) >= 17 * 21


def test_processes_that_start_at_once_share_a_new_file(tmp_path: Path) -> None:
    path = str(tmp_path / "store.db")
    script = WRITER.replace("1_000_000", "20")
    writers = [
        subprocess.Popen([sys.executable, "-c", script, path, f"w{number}"], stdout=subprocess.DEVNULL)  # noqa: S603
        for number in range(4)
    ]
    assert [writer.wait() for writer in writers] == [0] * 4
    store = Store(path, CLOCK)
    revisions = sorted(int(item["metadata"]["resourceVersion"]) for item in store.scan("configmaps"))
    store.close()
    assert revisions == list(range(2, 402))


def test_two_stores_on_one_file_see_the_writes_of_each_other(tmp_path: Path) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        clock = Clock(loop.time(), 0)
        ours, theirs = Store(str(tmp_path / "db"), clock), Store(str(tmp_path / "db"), clock)
        heard: list[int] = []
        ours.listen(lambda change: heard.append(change.revision))
        watch = ours.watch("configmaps")
        for number in range(10):
            await (ours if number % 2 else theirs).create("configmaps", thing(f"n{number}"))
        seen = [await watch.next() for _ in range(10)]
        revisions = [event.revision for event in seen if event is not None]
        assert revisions == sorted(set(revisions)) == heard
        assert len(revisions) == 10
        ours.close()
        theirs.close()

    asyncio.run(main())


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database" * 100)
    with pytest.raises(LabError, match="cannot be used as a store"):
        Store(str(tmp_path / "text"), CLOCK)


def test_roles_written_by_another_process_hold_here(tmp_path: Path) -> None:
    jane = User("jane", groups=("system:authenticated",))
    wanted = request_info("GET", "/api/v1/namespaces/default/pods", {})

    async def main() -> None:
        clock = Clock(asyncio.get_running_loop().time(), 0)
        ours, theirs = Store(str(tmp_path / "db"), clock), Store(str(tmp_path / "db"), clock)
        authorizer = Authorizer(ours)
        ours.load(bootstrap.objects(None), stamp=0)
        ours.poll()
        heard = asyncio.Event()
        ours.listen(lambda _: heard.set())
        assert authorizer.decide(jane, wanted) == (False, "")
        theirs.load([bootstrap.binding("b", "view", {"kind": "User", "name": "jane"})], stamp=0)
        async with asyncio.timeout(60.0):
            await heard.wait()
        assert authorizer.decide(jane, wanted)[0]
        ours.close()
        theirs.close()

    asyncio.run(main())
