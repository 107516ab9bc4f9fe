"""What create, update and delete do to a stored object inside a transaction.

Texts: kubernetes/apiserver pkg/registry/generic/registry/store.go (OptimisticLockErrorMsg) and
pkg/storage/interfaces.go (Preconditions.Check), 1.12 to 1.28.
"""

import uuid
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from snowpit.lab.storage.change import Key, Object, encode
from snowpit.lab.storage.problems import ConflictError, ExistsError, NotFoundError
from snowpit.lab.storage.records import Transaction

MODIFIED_MEANWHILE = (
    "the object has been modified; please apply your changes to the latest version and try again"
)

Edit: TypeAlias = Callable[[Object], Object]
"""Makes the new object out of the stored one, which it leaves as it is."""

_KEPT = ("name", "namespace", "uid", "creationTimestamp")
"""Metadata that no update changes."""


def parsed(value: bytes) -> Object:
    """An object out of its JSON."""
    found: dict[str, Any] = msgspec.json.decode(value)
    return found


def key_of(resource: str, item: Object) -> Key:
    """The place of an object."""
    metadata = item["metadata"]
    return Key(resource, metadata.get("namespace", ""), metadata["name"])


def create(writing: Transaction, resource: str, item: Object, created: str, *, dry: bool = False) -> bytes:
    """Write a new object.

    Args:
        writing: Transaction.
        resource: Resource.
        item: Object.
        created: Its creationTimestamp.
        dry: Only give what would be written.

    Raises:
        ExistsError: If there is one of that name.
    """
    key = key_of(resource, item)
    if writing.get(key) is not None:
        raise ExistsError(key.name)
    place = f"{'/'.join(key)}/{writing.revision}"
    uid = item["metadata"].get("uid") or str(uuid.uuid5(uuid.NAMESPACE_URL, place))
    metadata = {**item["metadata"], "uid": uid, "creationTimestamp": created}
    item = {**item, "metadata": metadata}
    return encode(item, writing.revision) if dry else writing.put(key, item, None)


def change(writing: Transaction, key: Key, edit: Edit, *, dry: bool = False) -> bytes:
    """Change an object (or, dry, only give what would be written); what comes out the same is not written.

    Raises:
        NotFoundError: If there is none.
        ConflictError: If the new object names another uid or resourceVersion than the stored one.
    """
    before = writing.get(key)
    if before is None:
        raise NotFoundError(key.name)
    stored = parsed(before)
    item = edit(stored)
    metadata = item["metadata"]
    had = stored["metadata"]
    _hold("UID", metadata.get("uid", ""), had["uid"])
    if metadata.get("resourceVersion", "") not in ("", had["resourceVersion"]):
        raise ConflictError(MODIFIED_MEANWHILE)
    kept = {name: had[name] for name in _KEPT if name in had}
    item = {**item, "metadata": {**metadata, **kept, "resourceVersion": had["resourceVersion"]}}
    if item == stored:
        return before
    return encode(item, writing.revision) if dry else writing.put(key, item, before)


def delete(writing: Transaction, key: Key, uid: str, revision: str, *, dry: bool = False) -> bytes:
    """Delete an object (or, dry, do not); gives its last state.

    Raises:
        NotFoundError: If there is none.
        ConflictError: If it has another uid or resourceVersion than the ones asked for (empty asks for none).
    """
    before = writing.get(key)
    if before is None:
        raise NotFoundError(key.name)
    item = parsed(before)
    _hold("UID", uid, item["metadata"]["uid"])
    _hold("ResourceVersion", revision, item["metadata"]["resourceVersion"])
    return before if dry else writing.remove(key, item, before)


def _hold(what: str, asked: str, found: str) -> None:
    if asked not in ("", found):
        raise ConflictError(
            f"Precondition failed: {what} in precondition: {asked}, {what} in object meta: {found}"
        )
