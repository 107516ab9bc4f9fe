"""The feed of changes to watches and listeners, in order of revision, those of other processes included."""

import asyncio
from collections.abc import Callable, Iterable

from snowpit.lab.storage.change import Change, Keep, Key
from snowpit.lab.storage.problems import ExpiredError
from snowpit.lab.storage.records import Records
from snowpit.lab.storage.watching import Event, Watch

POLL_S = 0.03
"""Time between two looks for the writes of other processes, s."""


class Feed:
    """Everyone in this process who wants to know of changes.

    Args:
        records: Where the changes are.
        shared: Whether other processes write to it.
    """

    def __init__(self, records: Records, *, shared: bool) -> None:
        self._records = records
        self._shared = shared
        self._watches: dict[tuple[str, str], list[Watch]] = {}
        self._listeners: list[Callable[[Change], None]] = []
        self._seen = records.revision()
        self._poll: asyncio.TimerHandle | None = None

    def watch(self, key: Key, keep: Keep | None, *, since: int, first: Iterable[Event]) -> Watch:
        """A watch that tells ``first`` and then all changes after a revision.

        A thousand kubelets each watch one Node, their own, so watches of one name are found by it.

        Args:
            key: Resource; namespace and name, empty for all.
            keep: Selector; null takes all.
            since: The revision.
            first: What is told first.

        Raises:
            ExpiredError: If history since then is compacted.
        """
        self.catch_up()
        watches = self._watches.setdefault((key.resource, key.name), [])
        watch = Watch(key.namespace, keep, watches.remove)
        watch.fill(first)
        earlier = self._records.since(since, key.resource)
        watches.append(watch)
        for change in earlier:
            if change.revision <= self._seen and key.name in ("", change.key.name):
                watch.offer(change)
        self.poll()
        return watch

    def listen(self, listener: Callable[[Change], None]) -> None:
        """Call a function at each change of any resource."""
        self._listeners.append(listener)

    def watchers(self, resource: str) -> int:
        """How many watches of a resource are open here."""
        return sum(len(watches) for (held, _), watches in self._watches.items() if held == resource)

    def poll(self) -> None:
        """Begin to look for the writes of other processes, if there are any and it has not begun."""
        if self._shared and self._poll is None:
            self._look()

    def publish(self, changes: list[Change]) -> None:
        """Tell what this process has just written, and what others wrote before."""
        if changes and changes[0].revision != self._seen + 1:
            self.catch_up()
            return
        for change in changes:
            self._tell(change)

    def catch_up(self) -> None:
        """Tell what is in the database and not yet told."""
        if self._seen == self._records.revision():
            return
        try:
            for change in self._records.since(self._seen):
                self._tell(change)
        except ExpiredError:
            self._seen = self._records.revision()
            self._end_watches()

    def close(self) -> None:
        """End all watches and stop looking."""
        if self._poll is not None:
            self._poll.cancel()
        self._end_watches()

    def _look(self) -> None:
        self.catch_up()
        self._poll = asyncio.get_running_loop().call_later(POLL_S, self._look)

    def _end_watches(self) -> None:
        for watches in self._watches.values():
            for watch in list(watches):
                watch.close()

    def _tell(self, change: Change) -> None:
        self._seen = change.revision
        for listener in self._listeners:
            listener(change)
        for name in ("", change.key.name):
            for watch in list(self._watches.get((change.key.resource, name), ())):
                watch.offer(change)
