"""Rows of the setting table, as the readers of documents give them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from snowpit.ingest.configuration.tree import Scalar, Tree, flattened
from snowpit.ingest.privacy import kept
from snowpit.ingest.redact import redact

Row = dict[str, object]
"""A row, without its file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom a setting is about: the columns that rows of one object share.

    Args:
        component: Whom it configures.
        server: Which instance; empty if not known.
        document: Shape that it stands in.
        object: Name of the object; ``namespace/name`` where it has a namespace.
        version: Release that the document tells; null if none.
        shift: Lines before the document in the file.
    """

    component: str
    document: str
    server: str = ""
    object: str = ""
    version: str | None = None
    shift: int = 0

    def row(self, key: str, value: str, line: int = 0) -> Row:
        """One row; ``line`` counts in the document, 0 if not known."""
        return {
            "component": self.component,
            "server": redact(self.server),
            "document": self.document,
            "object": redact(self.object),
            "key": key,
            "value": kept(key, value),
            "version": self.version,
            "line": line + self.shift if line else None,
        }

    def named(self, document: str) -> "Subject":
        """The same under the name of another document."""
        return replace(self, document=document)


def of_tree(subject: Subject, tree: Tree, *, leave: Iterable[str] = (), prefix: str = "") -> Iterator[Row]:
    """Rows of every scalar below a tree.

    Args:
        subject: Whom they are about.
        tree: A mapping, list or scalar.
        leave: Keys of the uppermost mapping that are left out.
        prefix: Path of the tree itself.
    """
    left = frozenset(leave)
    if isinstance(tree, dict):
        tree = {key: item for key, item in tree.items() if key not in left}
    for key, scalar in flattened(tree, prefix):
        if key:
            yield subject.row(key, scalar.text, scalar.line)


def of_flags(subject: Subject, flags: Iterable[tuple[str, Scalar]]) -> Iterator[Row]:
    """Rows of flags."""
    for name, value in flags:
        yield subject.row(name, value.text, value.line)
