"""The store that the API of a lab reads and writes.

A file may be shared by several processes, each with a Store of its own. Servers of one process share one Store.
"""

from collections.abc import Callable, Iterable

from snowpit.lab.clock import Clock, moment
from snowpit.lab.storage import edits
from snowpit.lab.storage.change import ADDED, Keep, Key, Object
from snowpit.lab.storage.commits import Commits, Write
from snowpit.lab.storage.database import Database
from snowpit.lab.storage.edits import Edit, parsed
from snowpit.lab.storage.feed import Feed
from snowpit.lab.storage.latency import pause
from snowpit.lab.storage.memory import Memory
from snowpit.lab.storage.paging import Page, read_page
from snowpit.lab.storage.problems import NotFoundError
from snowpit.lab.storage.records import Records
from snowpit.lab.storage.watching import Event, Watch

HISTORY = 20_000
"""Changes kept for watches and continued lists."""


class Store:
    """The store. ``took`` is what an operation takes, s; null draws it and stretches it by ``factor``.

    ``listen``, ``poll`` and ``watchers`` are those of its Feed, ``revision`` and ``count`` those of its Records.

    Args:
        path: SQLite file, or ``:memory:``.
        clock: Clock for creation timestamps.
        latency: Draws what one operation takes, s.
        history: Changes kept.

    Raises:
        LabError: If the file is no store.
    """

    def __init__(
        self, path: str, clock: Clock, *, latency: Callable[[], float] = lambda: 0.0, history: int = HISTORY
    ) -> None:
        self.factor = 1.0
        """Operations take this many times as long (slow etcd)."""
        shared = path != ":memory:"
        self._records: Records = Database(path, history) if shared else Memory(history)
        self._feed = Feed(self._records, shared=shared)
        self._commits = Commits(self._records, self._feed.publish, together=shared)
        self._clock = clock
        self._latency = latency
        self.listen = self._feed.listen
        self.poll = self._feed.poll
        self.watchers = self._feed.watchers
        self.revision = self._records.revision
        self.count = self._records.count

    def draw(self) -> float:
        """What an operation takes now, s."""
        return self._latency() * self.factor

    async def read(self, resource: str, namespace: str, name: str, *, took: float | None = None) -> bytes:
        """An object's JSON.

        Raises:
            NotFoundError: If there is none.
        """
        await pause(self.draw() if took is None else took)
        found = self.peek(resource, namespace, name)
        if found is None:
            raise NotFoundError(name)
        return found

    async def get(self, resource: str, namespace: str, name: str, *, took: float | None = None) -> Object:
        """An object.

        Raises:
            NotFoundError: If there is none.
        """
        return parsed(await self.read(resource, namespace, name, took=took))

    def peek(self, resource: str, namespace: str, name: str) -> bytes | None:
        """An object's JSON at once; null if there is none."""
        return self._records.get(Key(resource, namespace, name))

    def scan(self, resource: str) -> list[Object]:
        """All objects of a resource at once."""
        return read_page(self._records, Key(resource, "", "")).items

    async def list(
        self,
        resource: str,
        namespace: str = "",
        *,
        name: str = "",
        keep: Keep | None = None,
        limit: int = 0,
        token: str = "",
        took: float | None = None,
    ) -> Page:
        """Objects of a resource, all as of one revision.

        Args:
            resource: Resource.
            namespace: Only that namespace; empty for all.
            name: Only objects of that name; empty for all.
            keep: Selector; null takes all.
            limit: Most objects; 0 for all.
            token: Where an earlier page ended.
            took: As above.

        Raises:
            ExpiredError: If the revision of the token is compacted.
            TokenError: If the token is none.
        """
        await pause(self.draw() if took is None else took)
        return read_page(self._records, Key(resource, namespace, name), keep=keep, limit=limit, token=token)

    async def create(self, resource: str, item: Object, *, took: float | None = None) -> Object:
        """Write a new object; gives it as stored, with uid, creationTimestamp and resourceVersion.

        Raises:
            ExistsError: If there is one of that name.
        """
        return parsed(await self.apply(lambda w: edits.create(w, resource, item, self.now()), took=took))

    async def update(self, resource: str, item: Object, *, took: float | None = None) -> Object:
        """Replace an object; its ``resourceVersion``, if it has one, has to be the stored one's.

        Raises:
            NotFoundError: If there is none.
            ConflictError: If it was changed meanwhile.
        """
        return await self.patch(*edits.key_of(resource, item), lambda _: item, took=took)

    async def patch(
        self, resource: str, namespace: str, name: str, edit: Edit, *, took: float | None = None
    ) -> Object:
        """Change an object; as in ``update``, a ``resourceVersion`` that the new object names is held to.

        Raises:
            NotFoundError: If there is none.
            ConflictError: If the new object names another uid or resourceVersion than the stored one.
        """
        key = Key(resource, namespace, name)
        return parsed(await self.apply(lambda w: edits.change(w, key, edit), took=took))

    async def delete(
        self,
        resource: str,
        namespace: str,
        name: str,
        *,
        uid: str = "",
        revision: str = "",
        took: float | None = None,
    ) -> Object:
        """Delete an object, if it has that uid and resourceVersion (empty: any); gives its last state.

        Raises:
            NotFoundError: If there is none.
            ConflictError: If it has another uid or resourceVersion.
        """
        key = Key(resource, namespace, name)
        return parsed(await self.apply(lambda w: edits.delete(w, key, uid, revision), took=took))

    async def apply(self, write: Write, *, took: float | None = None) -> bytes:
        """Apply a write of ``edits``; gives the object's JSON as it is stored."""
        await pause(self.draw() if took is None else took)
        return await self._commits.write(write)

    def now(self) -> str:
        """This instant as a creationTimestamp."""
        return _seconds(self._clock.stamp())

    def load(self, items: Iterable[tuple[str, Object]], *, stamp: int) -> None:
        """Write new objects in one transaction, at once; what is there already stays as it is.

        Args:
            items: Resource and object of each.
            stamp: When they count as created, µs since the epoch.
        """
        created = _seconds(stamp)
        with self._records.transaction() as writing:
            for resource, item in items:
                if writing.get(edits.key_of(resource, item)) is None:
                    edits.create(writing, resource, item, created)
        self._feed.publish(writing.changes)

    def watch(
        self,
        resource: str,
        namespace: str = "",
        *,
        name: str = "",
        since: int | None = None,
        keep: Keep | None = None,
    ) -> Watch:
        """Watch a resource.

        Args:
            resource: Resource.
            namespace: Only that namespace; empty for all.
            name: Only objects of that name; empty for all.
            since: Revision after which it begins; null tells all objects as ADDED first.
            keep: Selector; null takes all.

        Raises:
            ExpiredError: If history since then is compacted.
        """
        key = Key(resource, namespace, name)
        if since is not None:
            return self._feed.watch(key, keep, since=since, first=())
        page = read_page(self._records, key, keep=keep)
        first = [Event(ADDED, value, page.revision) for value in page.values]
        return self._feed.watch(key, keep, since=page.revision, first=first)

    def compact(self, revision: int) -> None:
        """Forget history up to a revision."""
        with self._records.transaction():
            self._records.forget(revision)

    def close(self) -> None:
        """Write what waits, end all watches, close the file."""
        self._commits.flush()
        self._feed.close()
        self._records.close()


def _seconds(stamp: int) -> str:
    return moment(stamp).strftime("%Y-%m-%dT%H:%M:%SZ")
