"""Group commit: writes that arrive while the loop is busy share one transaction.

The first of them arranges a flush. The flush applies all that wait by then, and each writer goes on after COMMIT.
A write that fails (conflict, no such object) fails before it changes anything, so it never takes others with it.
In memory there is nothing to wait for, so each write is applied at once.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import TypeAlias

from snowpit.lab.storage.change import Change
from snowpit.lab.storage.records import Records, Transaction

Write: TypeAlias = Callable[[Transaction], bytes]
"""Applies one write; gives the object's JSON."""


class Commits:
    """The writes of one process that wait for the next transaction.

    Args:
        records: Where they go.
        publish: Gets the changes of each transaction after its COMMIT.
        together: Whether writes share transactions.
    """

    def __init__(self, records: Records, publish: Callable[[list[Change]], None], *, together: bool) -> None:
        self._records = records
        self._publish = publish
        self._together = together
        self._waiting: list[tuple[Write, asyncio.Future[bytes]]] = []

    async def write(self, write: Write) -> bytes:
        """Apply a write; goes on when it is on disk."""
        if not self._together:
            with self._records.transaction() as writing:
                value = write(writing)
            self._publish(writing.changes)
            return value
        loop = asyncio.get_running_loop()
        done: asyncio.Future[bytes] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self.flush)
        self._waiting.append((write, done))
        return await done

    def flush(self) -> None:
        """Commit all that waits."""
        writes, self._waiting = self._waiting, []
        if not writes:
            return
        ends: list[bytes | Exception] = []
        try:
            with self._records.transaction() as writing:
                ends.extend(_attempt(write, writing) for write, _ in writes)
        except sqlite3.Error as error:
            ends = [error] * len(writes)
        else:
            self._publish(writing.changes)
        for (_, done), end in zip(writes, ends, strict=True):
            if done.done():
                continue
            if isinstance(end, Exception):
                done.set_exception(end)
            else:
                done.set_result(end)


def _attempt(write: Write, writing: Transaction) -> bytes | Exception:
    try:
        return write(writing)
    except sqlite3.Error:
        raise
    except Exception as error:  # noqa: BLE001 - its writer gets it; the others of the transaction go on
        return error
