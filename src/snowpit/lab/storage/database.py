"""Records in an SQLite file: tables, reads as of a revision, and transactions of many writes.

Write-ahead log with ``synchronous = FULL``: a commit returns after the log is on disk, so a process or machine that
dies loses nothing that was acknowledged (sqlite.org/pragma.html#pragma_synchronous). ``changes`` holds each write with
the state before it. An object's state at a revision is therefore what the first later write found.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from snowpit.errors import LabError
from snowpit.lab.storage.change import DELETED, Change, Key
from snowpit.lab.storage.problems import ExpiredError
from snowpit.lab.storage.records import Row, Transaction

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
        path: File.
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

    def count(self, resource: str) -> int:
        """How many objects there are of a resource."""
        query = "SELECT count(*) FROM objects WHERE resource = ?"
        return int(self._link.execute(query, (resource,)).fetchone()[0])

    def page(self, resource: str, namespace: str, after: tuple[str, str], limit: int, at: int) -> list[Row]:
        """Objects of a resource as of a revision; see ``Records.page``."""
        oldest = self.compacted()
        if at < oldest:
            raise ExpiredError(at, oldest)
        later = self._link.execute(
            "SELECT 1 FROM changes WHERE revision > ? AND resource = ? LIMIT 1", (at, resource)
        ).fetchone()
        place = "AND namespace = :namespace" if namespace else ""
        if after != ("", ""):
            place += " AND (namespace, name) > (:after, :name)"
        values = {"resource": resource, "namespace": namespace, "after": after[0], "name": after[1]}
        query = (_AS_OF if later else _NOW).format(place=place)
        return self._link.execute(query, {**values, "limit": limit, "at": at}).fetchall()

    def since(self, revision: int, resource: str = "") -> Iterator[Change]:
        """Changes after a revision; see ``Records.since``."""
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
    def transaction(self) -> Iterator[Transaction]:
        """Writes inside are on disk together when it ends, or none of them."""
        self._link.execute("BEGIN IMMEDIATE")
        try:
            writing = Transaction(self, self.revision())
            yield writing
            self._compact_if_long(writing.revision)
            self._link.execute("COMMIT")
        except BaseException:
            self._link.execute("ROLLBACK")
            raise

    def put(self, change: Change) -> None:
        """Write an object and its history; inside a transaction."""
        if change.kind == DELETED:
            self._link.execute(
                "DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?", change.key
            )
        elif change.previous is None:
            row = (*change.key, change.revision, change.value)
            self._link.execute("INSERT INTO objects VALUES (?, ?, ?, ?, ?)", row)
        else:
            self._link.execute(
                "UPDATE objects SET revision = ?, value = ? WHERE resource = ? AND namespace = ? AND name = ?",
                (change.revision, change.value, *change.key),
            )
        note = (change.revision, change.kind, *change.key, change.value, change.previous)
        self._link.execute("INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?, ?)", note)

    def _compact_if_long(self, revision: int) -> None:
        if revision - self._compacted <= self.history + self.history // 64:
            return
        self._compacted = self.compacted()
        if revision - self._compacted > self.history:
            self.forget(revision - self.history)
            self._compacted = revision - self.history

    def forget(self, revision: int) -> None:
        """Compact: history up to a revision is gone."""
        self._link.execute("DELETE FROM changes WHERE revision <= ?", (revision,))
        self._link.execute("UPDATE compaction SET revision = max(revision, ?)", (revision,))
