"""The lab's store: objects in SQLite with revisions, history and watches, in the place of etcd.

A write is acknowledged after its transaction is on disk. Every write has its own revision, which is the
``resourceVersion`` that clients see; history back to the last compaction answers watches and continued lists.
"""

from snowpit.lab.storage import edits
from snowpit.lab.storage.change import Change, Key
from snowpit.lab.storage.paging import Page
from snowpit.lab.storage.problems import (
    ConflictError,
    ExistsError,
    ExpiredError,
    NotFoundError,
    StoreError,
    TokenError,
)
from snowpit.lab.storage.records import Transaction
from snowpit.lab.storage.store import Store
from snowpit.lab.storage.watching import Event, Watch

__all__ = [
    "Change",
    "ConflictError",
    "Event",
    "ExistsError",
    "ExpiredError",
    "Key",
    "NotFoundError",
    "Page",
    "Store",
    "StoreError",
    "TokenError",
    "Transaction",
    "Watch",
    "edits",
]
