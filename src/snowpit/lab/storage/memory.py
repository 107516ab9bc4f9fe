"""Records in memory, for virtual time, where a lab makes a million writes an hour and nothing outlives it.

The same rules as ``database``, of which it is the quick twin (a write takes a tenth of the time). Both pass the same tests.
"""

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager

from snowpit.lab.storage.change import DELETED, Change, Key
from snowpit.lab.storage.problems import ExpiredError
from snowpit.lab.storage.records import Row, Transaction

Place = tuple[str, str]
_FIRST = 1
"""Revision of an empty store; 0 has a meaning of its own in the API."""


class Memory:
    """Objects and history of one process.

    Args:
        history: Changes kept for watches and continued lists; older ones are compacted now and then.
    """

    def __init__(self, history: int) -> None:
        self._history = history
        self._objects: dict[str, dict[Place, tuple[int, bytes]]] = {}
        self._order: dict[str, list[Place]] = {}
        self._changes: list[Change] = []
        self._compacted = _FIRST

    def close(self) -> None:
        """Nothing is held."""

    def revision(self) -> int:
        """The newest revision."""
        return self._changes[-1].revision if self._changes else self._compacted

    def get(self, key: Key) -> bytes | None:
        """An object's JSON; null if there is none."""
        found = self._objects.get(key.resource, {}).get((key.namespace, key.name))
        return None if found is None else found[1]

    def count(self, resource: str) -> int:
        """How many objects there are of a resource."""
        return len(self._objects.get(resource, ()))

    def page(self, resource: str, namespace: str, after: Place, limit: int, at: int) -> list[Row]:
        """Objects of a resource as of a revision; see ``Records.page``."""
        later = list(self.since(at, resource))
        objects = self._objects.get(resource, {})
        order = self._sorted(resource)
        if later:
            objects = _undone(objects, later)
            order = sorted(objects)
        rows: list[Row] = []
        for i in range(bisect_right(order, max(after, (namespace, ""))), len(order)):
            place = order[i]
            if len(rows) == limit or (namespace and place[0] != namespace):
                break
            rows.append((*place, *objects[place]))
        return rows

    def since(self, revision: int, resource: str = "") -> Iterator[Change]:
        """Changes after a revision; see ``Records.since``."""
        if revision < self._compacted:
            raise ExpiredError(revision, self._compacted)
        begin = len(self._changes) - max(0, self.revision() - revision)
        return (
            self._changes[i]
            for i in range(begin, len(self._changes))
            if not resource or self._changes[i].key.resource == resource
        )

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Nobody else writes."""
        yield

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Writes are kept as they are made."""
        yield Transaction(self, self.revision())
        if len(self._changes) > self._history + self._history // 64:
            self.forget(self.revision() - self._history)

    def put(self, change: Change) -> None:
        """Write an object and its history."""
        resource, place = change.key.resource, (change.key.namespace, change.key.name)
        objects = self._objects.setdefault(resource, {})
        if change.kind == DELETED:
            del objects[place]
        else:
            objects[place] = (change.revision, change.value)
        if change.kind == DELETED or change.previous is None:
            self._order.pop(resource, None)
        self._changes.append(change)

    def forget(self, revision: int) -> None:
        """Compact: history up to a revision is gone."""
        if revision > self._compacted:
            begin = len(self._changes) - max(0, self.revision() - revision)
            self._compacted, self._changes = min(revision, self.revision()), self._changes[begin:]

    def _sorted(self, resource: str) -> list[Place]:
        if resource not in self._order:
            self._order[resource] = sorted(self._objects.get(resource, ()))
        return self._order[resource]


def _undone(objects: dict[Place, tuple[int, bytes]], later: list[Change]) -> dict[Place, tuple[int, bytes]]:
    """Objects as they were before some changes, oldest first."""
    found = dict(objects)
    for change in reversed(later):
        place = (change.key.namespace, change.key.name)
        if change.previous is None:
            del found[place]
        else:
            found[place] = (change.revision, change.previous)
    return found
