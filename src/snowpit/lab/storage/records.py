"""What a store keeps its objects in, whether a file or memory, and writes under way."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from snowpit.lab.storage.change import ADDED, DELETED, MODIFIED, Change, Key, Object, encode

Row = tuple[str, str, int, bytes]
"""Namespace, name, revision and JSON of an object."""


class Transaction:
    """Writes under way, each with its revision.

    Args:
        records: Where they go.
        revision: Newest revision before them.
    """

    def __init__(self, records: "Records", revision: int) -> None:
        self._records = records
        self.revision = revision
        self.changes: list[Change] = []

    def get(self, key: Key) -> bytes | None:
        """An object as these writes have left it."""
        return self._records.get(key)

    def put(self, key: Key, item: Object, previous: bytes | None) -> bytes:
        """Write an object; gives its JSON with the new revision."""
        return self._write(ADDED if previous is None else MODIFIED, key, item, previous)

    def remove(self, key: Key, item: Object, previous: bytes) -> bytes:
        """Delete an object; gives its last state."""
        return self._write(DELETED, key, item, previous)

    def _write(self, kind: str, key: Key, item: Object, previous: bytes | None) -> bytes:
        self.revision += 1
        change = Change(self.revision, kind, key, encode(item, self.revision), previous)
        self._records.put(change)
        self.changes.append(change)
        return change.value


class Records(Protocol):
    """Objects with their history."""

    def close(self) -> None:
        """Give up what is held."""

    def revision(self) -> int:
        """The newest revision."""
        ...

    def get(self, key: Key) -> bytes | None:
        """An object's JSON; null if there is none."""
        ...

    def page(self, resource: str, namespace: str, after: tuple[str, str], limit: int, at: int) -> list[Row]:
        """Objects of a resource as of a revision, in order of namespace and name.

        Args:
            resource: Resource.
            namespace: Only that namespace; empty for all.
            after: Namespace and name to begin behind.
            limit: Most rows; -1 for all.
            at: Revision.

        Raises:
            ExpiredError: If that revision is compacted.
        """
        ...

    def since(self, revision: int, resource: str = "") -> Iterator[Change]:
        """Changes after a revision, of one resource or of all.

        Raises:
            ExpiredError: If some of them are compacted.
        """
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """Reads inside see one state, whatever other processes write."""
        ...

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Writes inside are kept together when it ends, or none of them."""
        ...

    def put(self, change: Change) -> None:
        """Write an object and its history; inside a transaction."""

    def forget(self, revision: int) -> None:
        """Compact: history up to a revision is gone."""
