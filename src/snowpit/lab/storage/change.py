"""One write as history keeps it, and what it means to a watcher that sees only a part of the objects."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import msgspec

Object: TypeAlias = dict[str, Any]
"""An object as in JSON."""

Keep: TypeAlias = Callable[[Object], bool]
"""Whether a selector takes an object."""

ADDED, MODIFIED, DELETED = "ADDED", "MODIFIED", "DELETED"


class Key(NamedTuple):
    """Where an object is.

    Args:
        resource: Resource and group as in messages: ``pods``, ``leases.coordination.k8s.io``.
        namespace: Namespace, empty if the resource has none.
        name: Name.
    """

    resource: str
    namespace: str
    name: str


class Change:
    """One write.

    Args:
        revision: Its revision.
        kind: ``ADDED``, ``MODIFIED`` or ``DELETED``.
        key: The object's place.
        value: The object after it (JSON); of a deletion, the last state with the deletion's revision.
        previous: The object before it; null of an addition.
    """

    __slots__ = ("_after", "_before", "key", "kind", "previous", "revision", "value")

    def __init__(self, revision: int, kind: str, key: Key, value: bytes, previous: bytes | None) -> None:
        self.revision = revision
        self.kind = kind
        self.key = key
        self.value = value
        self.previous = previous
        self._after: Object | None = None
        self._before: Object | None = None

    @property
    def after(self) -> Object:
        """The object after it, parsed once for all watchers; not to be changed."""
        if self._after is None:
            self._after = msgspec.json.decode(self.value)
        return self._after

    @property
    def before(self) -> Object | None:
        """The object before it, parsed once."""
        if self._before is None and self.previous is not None:
            self._before = msgspec.json.decode(self.previous)
        return self._before

    def seen_as(self, keep: Keep | None) -> str:
        """What it is to a watcher with that selector; empty if it sees nothing.

        An object that comes to fit is ADDED, one that ceases to fit is DELETED.
        """
        if keep is None:
            return self.kind
        was = self.before is not None and keep(self.before)
        fits = self.kind != DELETED and keep(self.after)
        if fits:
            return MODIFIED if was else ADDED
        return DELETED if was else ""


def encode(item: Object, revision: int) -> bytes:
    """An object as JSON with its revision in place, apiVersion and kind first."""
    metadata = {**item.get("metadata", {}), "resourceVersion": str(revision)}
    head = {"apiVersion": item.get("apiVersion", ""), "kind": item.get("kind", ""), "metadata": metadata}
    rest = {name: value for name, value in item.items() if name not in head}
    return msgspec.json.encode({**head, **rest})
