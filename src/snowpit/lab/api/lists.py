"""List, watch and delete of many objects.

The watch cache of a server is as old as the server: after a restart a watch from an earlier revision is too old, and so its
client lists anew. A list at revision 0 comes from that cache, which knows no pages.
Sources: kubernetes/apiserver pkg/endpoints/handlers/{get,watch,delete}.go, pkg/registry/generic/registry/store.go,
pkg/storage/cacher (GetToList; getAllEventsSinceThreadUnsafe) and pkg/storage/etcd3/errors.go (texts of 410) 1.12.0 to 1.28.0.
Bookmarks: from 1.15 (beta, on, from 1.16).
"""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from random import Random

import msgspec

from snowpit.lab.api import status
from snowpit.lab.api.bodies import RefusedError, refuse
from snowpit.lab.api.info import truthy
from snowpit.lab.api.objects import Target
from snowpit.lab.api.selectors import Keep, SelectorError, keep_by
from snowpit.lab.api.shown import answer, listed, shown
from snowpit.lab.api.status import JSON
from snowpit.lab.api.tables import as_table
from snowpit.lab.exchange import Exchange
from snowpit.lab.storage import (
    Event,
    ExpiredError,
    Key,
    NotFoundError,
    Page,
    Store,
    TokenError,
    Transaction,
    Watch,
    edits,
)
from snowpit.lab.wire import Response

BOOKMARK_S = 60.0
"""Time between bookmarks, s (pkg/storage/cacher/cacher.go)."""

LEAST_WATCH_S = 1800.0
"""``--min-request-timeout``: a watch without ``timeoutSeconds`` ends between once and twice that time, s."""

_LONGEST = 1 << 62
_LIST_EXPIRED = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without"
    " the continue parameter, or use the continue token in this response to retrieve the remainder of the results."
    " Continuing with the provided token results in an inconsistent list - objects that were created, modified, or"
    " deleted between the time the first chunk was returned and now may show up in the list."
)


class Lists:
    """Handlers of many objects.

    Args:
        store: Store.
        chance: Chance of the lengths of watches.
        bookmarks: Whether the version sends bookmarks.
        expired: Reason of a watch that is too old, by version.
    """

    def __init__(self, store: Store, chance: Random, *, bookmarks: bool, expired: str) -> None:
        self._store = store
        self._chance = chance
        self._bookmarks = bookmarks
        self._expired = expired
        self._oldest = store.revision()

    async def list(self, exchange: Exchange, target: Target) -> Response:
        """GET of a list."""
        query = exchange.request.query
        cached = query.get("resourceVersion", "") == "0"
        limit = 0 if cached else number(query.get("limit", ""), "limit")
        page = await self._page(exchange, target, limit=limit)
        metadata = {"resourceVersion": str(page.revision)} | ({"continue": page.token} if page.token else {})
        if target.table:
            now = self._store.now()
            return answer(exchange, 200, as_table(target.resource, page.items, metadata, target.table, now))
        body = listed(target.resource.kind, target.api_version, metadata, page.values)
        return answer(exchange, 200, body)

    async def delete(self, exchange: Exchange, target: Target) -> Response:
        """DELETE of all objects that a selector takes; answers with those that were deleted."""
        page = await self._page(exchange, target, limit=0)
        values = []
        for item in page.items:
            key = edits.key_of(target.resource.qualified, item)
            try:
                values.append(await self._store.apply(partial(_delete, key), took=0.0))
            except NotFoundError:
                continue
        metadata = {"resourceVersion": str(self._store.revision())}
        return answer(exchange, 200, listed(target.resource.kind, target.api_version, metadata, values))

    async def watch(self, exchange: Exchange, target: Target) -> Response:
        """GET of a watch; a revision that is too old is told as an event, as the watch cache does."""
        query, key = exchange.request.query, target.key(exchange)
        since = number(query.get("resourceVersion", ""), "resourceVersion") or None
        seconds = number(query.get("timeoutSeconds", ""), "timeoutSeconds")
        keep = _selector(exchange, target)
        length = float(seconds) if seconds else LEAST_WATCH_S * (1.0 + self._chance.random())
        if since and since < self._oldest:
            return Response(200, JSON, stream=self._too_old(ExpiredError(since, self._oldest)))
        try:
            watch = self._store.watch(*key[:2], name=key.name, since=since, keep=keep)
        except ExpiredError as error:
            return Response(200, JSON, stream=self._too_old(error))
        marks = self._bookmarks and truthy(query.get("allowWatchBookmarks"))
        end = asyncio.get_running_loop().time() + length
        return Response(200, JSON, stream=self._events(exchange, target, watch, end=end, marks=marks))

    async def _events(
        self, exchange: Exchange, target: Target, watch: Watch, *, end: float, marks: bool
    ) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        seen = self._store.revision()
        mark = loop.time() + BOOKMARK_S if marks else end
        try:
            while not exchange.request.gone.is_set():
                event = await watch.next(until=min(mark, end))
                if event is not None:
                    seen = event.revision
                    value = self._told(target, event)
                    yield b'{"type":"' + event.kind.encode() + b'","object":' + value + b"}\n"
                elif watch.ended or loop.time() >= end:
                    return
                else:
                    mark = loop.time() + BOOKMARK_S
                    yield _bookmark(target, max(seen, self._store.revision()))
        finally:
            watch.close()

    def _told(self, target: Target, event: Event) -> bytes:
        if not target.table:
            return shown(event.value, target.api_version)
        metadata = {"resourceVersion": str(event.revision)}
        item = edits.parsed(event.value)
        return as_table(target.resource, [item], metadata, target.table, self._store.now())

    async def _too_old(self, error: ExpiredError) -> AsyncIterator[bytes]:
        found = status.body(410, self._expired, str(error))
        yield msgspec.json.encode({"type": "ERROR", "object": found}) + b"\n"

    async def _page(self, exchange: Exchange, target: Target, *, limit: int) -> Page:
        query, key = exchange.request.query, target.key(exchange)
        token = query.get("continue", "")
        if number(query.get("resourceVersion", ""), "resourceVersion") and token:
            refuse("specifying resource version is not allowed when using continue")
        keep = _selector(exchange, target)
        try:
            return await self._store.list(
                *key[:2], name=key.name, keep=keep, limit=limit, token=token, took=target.took
            )
        except TokenError as error:
            refuse(str(error))
        except ExpiredError as error:
            found = status.body(410, "Expired", _LIST_EXPIRED)
            found["metadata"] = {"continue": error.token}
            body = msgspec.json.encode(found)
            raise RefusedError(Response(410, JSON, body + b"\n")) from None


def _delete(key: Key, writing: Transaction) -> bytes:
    return edits.delete(writing, key, "", "")


def number(text: str, name: str) -> int:
    """A parameter that is a whole number; 0 if it is left out.

    Raises:
        RefusedError: If it is none.
    """
    if not text:
        return 0
    if not text.isascii() or not text.isdecimal() or len(text) > len(str(_LONGEST)) or int(text) > _LONGEST:
        refuse(f'{name}: Invalid value: "{text[:50]}": strconv.ParseUint: parsing: invalid syntax')
    return int(text)


def _selector(exchange: Exchange, target: Target) -> Keep | None:
    query = exchange.request.query
    try:
        return keep_by(query.get("labelSelector", ""), query.get("fieldSelector", ""), target.resource.name)
    except SelectorError as error:
        refuse(str(error))


def _bookmark(target: Target, revision: int) -> bytes:
    item = {
        "kind": target.resource.kind,
        "apiVersion": target.api_version,
        "metadata": {"resourceVersion": str(revision), "creationTimestamp": None},
    }
    return msgspec.json.encode({"type": "BOOKMARK", "object": item}) + b"\n"
