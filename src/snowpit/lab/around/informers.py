"""Informers: a list, then a watch from its revision on, then the next watch; another list when that revision is too old.

What a client does is its version's: to 1.16 every list is taken from the watch cache (revision 0); from 1.17 a later list asks
for the last revision that was seen, and where that is too old for the newest, page by page; from 1.18 lists at a revision are
whole, so that the watch cache may answer. The streamed lists of 1.32 and later are off by default and left out.
Source: kubernetes/client-go tools/cache/reflector.go, tools/pager/pager.go and rest/request.go 1.12.4 to 1.34.0.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from random import Random
from typing import NamedTuple
from urllib.parse import urlencode

import msgspec

from snowpit.knowledge.version import Version
from snowpit.lab.around.caller import Caller
from snowpit.lab.clock import Clock
from snowpit.lab.wire import LostError, Response
from snowpit.mechanism import backoff

PAGE = 500
WATCH_S = 300.0
"""A watch is asked to last between once and twice that time."""

SHORT_S = 1.0
"""A watch that ends sooner and tells nothing counts as failed."""

RESET_S = 120.0
"""After so long without a failure delays begin anew."""

GONE, REFUSED = 410, 429
Get = Callable[[str], Awaitable[Response]]


class Laws(NamedTuple):
    """What the client's version decides.

    Args:
        bookmarks: Whether it asks for bookmarks (from 1.16).
        resumes: Whether later lists ask for the last revision seen (from 1.17).
        whole: Whether these lists are not paged (from 1.18).
        pause: Delay before the next list (fixed to 1.17, from 1.18 growing).
        reconnect: Delay before a watch is sent again that found no server (fixed to 1.19).
        stays: Whether a refused watch (429) is sent again too, instead of a list (from 1.22).
    """

    bookmarks: bool
    resumes: bool
    whole: bool
    pause: backoff.Law
    reconnect: backoff.Law
    stays: bool


def laws(version: Version | None) -> Laws:
    """The laws of a version; those of the newest if none is known."""

    def since(release: str) -> bool:
        return version is None or version.at_least(release)

    return Laws(
        bookmarks=since("1.16.0"),
        resumes=since("1.17.0"),
        whole=since("1.18.0"),
        pause=backoff.REFLECTOR if since("1.18.0") else backoff.REFLECTOR_TO_1_17,
        reconnect=backoff.REFLECTOR if since("1.20.0") else backoff.REFLECTOR_TO_1_17,
        stays=since("1.22.0"),
    )


class Pauses:
    """Delays between failures; after a quiet time they begin anew.

    Args:
        law: How they grow.
        clock: The lab's clock.
        chance: Draws jitter.
    """

    def __init__(self, law: backoff.Law, clock: Clock, chance: Random) -> None:
        self._law, self._clock, self._chance = law, clock, chance
        self._failures, self._last = 0, float("-inf")

    async def take(self) -> None:
        """Wait for the next delay."""
        now = self._clock.now()
        self._failures = 1 if now - self._last > RESET_S else self._failures + 1
        self._last = now
        u = self._chance.random() if self._law.jitter > 0.0 else 0.0
        await asyncio.sleep(backoff.delay(self._law, self._failures, u))


class _Meta(msgspec.Struct):
    resourceVersion: str = ""  # noqa: N815 - as Kubernetes spells it
    continue_: str = msgspec.field(name="continue", default="")


class _Object(msgspec.Struct):
    metadata: _Meta = msgspec.field(default_factory=_Meta)
    code: int = 0


class _Event(msgspec.Struct):
    type: str
    object: _Object


_OBJECT, _EVENT = msgspec.json.Decoder(_Object), msgspec.json.Decoder(_Event)


class Informer:
    """One informer; ``run`` it as a task.

    Args:
        get: Sends one GET with a query, and gives its answer.
        lists: How lists are called.
        watches: How watches are called: without a limiter or retries.
        laws: Of its version.
        clock: The lab's clock.
        chance: Draws lengths of watches and jitter.
        selector: Field selector; empty for none.
    """

    def __init__(
        self,
        get: Get,
        lists: Caller,
        watches: Caller,
        *,
        laws: Laws,
        clock: Clock,
        chance: Random,
        selector: str = "",
    ) -> None:
        self._get, self._lists, self._watches = get, lists, watches
        self._laws, self._clock, self._chance = laws, clock, chance
        self._selector = selector
        self._status = 0
        self._pauses = Pauses(laws.pause, clock, chance)
        self._reconnects = Pauses(laws.reconnect, clock, chance)
        self.revision = ""

    async def run(self) -> None:
        """List and watch until cancelled."""
        while True:
            if await self._list():
                while await self._watch():
                    pass
            await self._pauses.take()

    async def _list(self) -> bool:
        """List; whether that worked."""
        since = self.revision if self._laws.resumes and self.revision else "0"
        if await self._pages(since):
            return True
        return self._laws.resumes and self._status == GONE and await self._pages("")

    async def _pages(self, since: str) -> bool:
        """All pages of a list as of a revision."""
        limit = 0 if self._laws.whole and since not in ("", "0") else PAGE
        token = ""
        while True:
            asked = {"resourceVersion": "" if token else since, "limit": limit or "", "continue": token}
            response = await self._call(self._lists, asked)
            if response is None and token and self._status == GONE:
                limit, token = 0, ""
                continue
            if response is None:
                return False
            told = _OBJECT.decode(response.body).metadata
            if not told.continue_:
                self.revision = told.resourceVersion
                return True
            token = told.continue_

    async def _watch(self) -> bool:
        """Watch from the last revision; whether another watch may go on where this one ended."""
        seconds = int(WATCH_S * (1.0 + self._chance.random()))
        asked = {"resourceVersion": self.revision, "timeoutSeconds": seconds, "watch": "true"}
        if self._laws.bookmarks:
            asked["allowWatchBookmarks"] = "true"
        begun = self._clock.now()
        response = await self._call(self._watches, asked)
        if response is None or response.stream is None:
            again = self._status == 0 or (self._laws.stays and self._status == REFUSED)
            if again:
                await self._reconnects.take()
            return again
        events = await self._follow(response.stream)
        return events > 0 or (events == 0 and self._clock.now() - begun >= SHORT_S)

    async def _follow(self, stream: AsyncIterator[bytes]) -> int:
        """Take the events of a watch to its end: how many came; negative if it ended with an error."""
        events, rest = 0, b""
        try:
            async for chunk in stream:
                *lines, rest = (rest + chunk).split(b"\n")
                for line in filter(None, lines):
                    event = _EVENT.decode(line)
                    if event.type == "ERROR":
                        return -1
                    self.revision = event.object.metadata.resourceVersion
                    events += 1
        except LostError:
            return events
        finally:
            close = getattr(stream, "aclose", None)
            if close is not None:
                await close()
        return events

    async def _call(self, caller: Caller, asked: Mapping[str, object]) -> Response | None:
        """One GET: the good answer, or null."""
        wanted = {key: value for key, value in sorted(asked.items()) if value != ""}
        if self._selector:
            wanted = dict(sorted({**wanted, "fieldSelector": self._selector}.items()))

        async def send() -> Response:
            self._status = 0
            response = await self._get(urlencode(wanted))
            self._status = response.status
            return response

        return await caller.call(send)
