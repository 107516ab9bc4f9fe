"""The SQLite file behind a store: tables, reads as of a revision, and transactions of many writes.

Write-ahead log with ``synchronous = FULL``: a commit returns after the log is on disk, so a process or machine that
dies loses nothing that was acknowledged (sqlite.org/pragma.html#pragma_synchronous). ``changes`` holds each write with
the state before it. An object's state at a revision is therefore what the first later write found.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from snowpit.errors import LabError
from snowpit.lab.storage.change import ADDED, DELETED, MODIFIED, Change, Key, Object, encode
from snowpit.lab.storage.problems import ExpiredError

_TABLES = """
CREATE TABLE IF NOT EXISTS objects (
    resource TEXT, namespace TEXT, name TEXT, revision INTEGER, value BLOB,
    PRIMARY KEY (resource, namespace, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS changes (
    revision INTEGER PRIMARY KEY, kind TEXT, resource TEXT, namespace TEXT, name TEXT, value BLOB, previous BLOB
);
CREATE INDEX IF NOT EXISTS history ON changes (resource, namespace, name, revision);
CREATE TABLE IF NOT EXISTS compaction (one INTEGER PRIMARY KEY CHECK (one = 1), revision INTEGER);
INSERT OR IGNORE INTO compaction VALUES (1, 1);
"""
_BUSY_S = 30.0
"""How long a transaction waits for that of another process."""

_AS_OF = """
SELECT namespace, name, revision, value FROM objects
WHERE resource = :resource AND revision <= :at {place}
UNION ALL
SELECT namespace, name, revision, previous FROM changes AS c
WHERE resource = :resource AND revision > :at AND previous IS NOT NULL {place}
AND revision = (
    SELECT min(revision) FROM changes AS d
    WHERE d.resource = :resource AND d.namespace = c.namespace AND d.name = c.name AND d.revision > :at
)
ORDER BY namespace, name LIMIT :limit
"""
_NOW = """
SELECT namespace, name, revision, value FROM objects
WHERE resource = :resource {place} ORDER BY namespace, name LIMIT :limit
"""


class Database:
    """One connection.

    Args:
        path: File, or ``:memory:``.
        history: Changes kept for watches and continued lists; older ones are compacted now and then.

    Raises:
        LabError: If the file is no store.
    """

    def __init__(self, path: str, history: int) -> None:
        self.history = history
        self._compacted = 1
        try:
            self._link = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
            self._link.execute("PRAGMA journal_mode = WAL")
            self._link.execute("PRAGMA synchronous = FULL")
            self._link.executescript(_TABLES)
        except sqlite3.Error as error:
            raise LabError(f"{path} cannot be used as a store: {error}.", "Name another folder.") from error

    def close(self) -> None:
        """Close the connection."""
        self._link.close()

    def revision(self) -> int:
        """The newest revision."""
        found = self._link.execute("SELECT max(revision) FROM changes").fetchone()[0]
        return int(found) if found else self.compacted()

    def compacted(self) -> int:
        """The revision up to which history is gone."""
        return int(self._link.execute("SELECT revision FROM compaction").fetchone()[0])

    def get(self, key: Key) -> bytes | None:
        """An object's JSON; null if there is none."""
        found = self._link.execute(
            "SELECT value FROM objects WHERE resource = ? AND namespace = ? AND name = ?", key
        ).fetchone()
        return None if found is None else found[0]

    def page(
        self, resource: str, namespace: str, after: tuple[str, str], limit: int, at: int
    ) -> list[tuple[str, str, int, bytes]]:
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
        oldest = self.compacted()
        if at < oldest:
            raise ExpiredError(at, oldest)
        later = self._link.execute(
            "SELECT 1 FROM changes WHERE revision > ? AND resource = ? LIMIT 1", (at, resource)
        ).fetchone()
        place = "AND namespace = :namespace AND name > :name" if namespace else ""
        if not namespace and after != ("", ""):
            place = "AND (namespace, name) > (:after, :name)"
        values = {"resource": resource, "namespace": namespace, "after": after[0], "name": after[1]}
        query = (_AS_OF if later else _NOW).format(place=place)
        return self._link.execute(query, {**values, "limit": limit, "at": at}).fetchall()

    def since(self, revision: int, resource: str = "") -> Iterator[Change]:
        """Changes after a revision, of one resource or of all.

        Raises:
            ExpiredError: If some of them are compacted.
        """
        oldest = self.compacted()
        if revision < oldest:
            raise ExpiredError(revision, oldest)
        rows = self._link.execute(
            "SELECT revision, kind, resource, namespace, name, value, previous FROM changes"
            " WHERE revision > ? AND (? = '' OR resource = ?) ORDER BY revision",
            (revision, resource, resource),
        )
        return (Change(row[0], row[1], Key(*row[2:5]), row[5], row[6]) for row in rows.fetchall())

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Reads inside see one state, whatever other processes write."""
        self._link.execute("BEGIN")
        try:
            yield
        finally:
            self._link.execute("COMMIT")

    @contextmanager
    def transaction(self) -> Iterator["Transaction"]:
        """Writes inside are on disk together when it ends, or none of them."""
        self._link.execute("BEGIN IMMEDIATE")
        try:
            writing = Transaction(self, self._link)
            yield writing
            self._compact_if_long(writing.revision)
            self._link.execute("COMMIT")
        except BaseException:
            self._link.execute("ROLLBACK")
            raise

    def _compact_if_long(self, revision: int) -> None:
        if revision - self._compacted <= self.history + self.history // 4:
            return
        self._compacted = self.compacted()
        if revision - self._compacted > self.history:
            self.forget(revision - self.history)
            self._compacted = revision - self.history

    def forget(self, revision: int) -> None:
        """Compact: history up to a revision is gone."""
        self._link.execute("DELETE FROM changes WHERE revision <= ?", (revision,))
        self._link.execute("UPDATE compaction SET revision = max(revision, ?)", (revision,))


class Transaction:
    """Writes under way, each with its revision."""

    def __init__(self, database: Database, link: sqlite3.Connection) -> None:
        self._database = database
        self._link = link
        self.revision = database.revision()
        self.changes: list[Change] = []

    def get(self, key: Key) -> bytes | None:
        """An object as these writes have left it."""
        return self._database.get(key)

    def put(self, key: Key, item: Object, previous: bytes | None) -> bytes:
        """Write an object; gives its JSON with the new revision."""
        self.revision += 1
        value = encode(item, self.revision)
        self._link.execute(
            "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?)", (*key, self.revision, value)
        )
        self._note(ADDED if previous is None else MODIFIED, key, value, previous)
        return value

    def remove(self, key: Key, item: Object, previous: bytes) -> bytes:
        """Delete an object; gives its last state."""
        self.revision += 1
        value = encode(item, self.revision)
        self._link.execute("DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?", key)
        self._note(DELETED, key, value, previous)
        return value

    def _note(self, kind: str, key: Key, value: bytes, previous: bytes | None) -> None:
        self._link.execute(
            "INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?)", (self.revision, kind, *key, value, previous)
        )
        self.changes.append(Change(self.revision, kind, key, value, previous))
