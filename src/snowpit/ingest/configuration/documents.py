"""One parsed document of any shape: the settings in it, and what of it was of no use."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from snowpit.ingest.configuration import tree
from snowpit.ingest.configuration.objects import reader_of
from snowpit.ingest.configuration.releases import release
from snowpit.ingest.configuration.rows import Row, Subject, of_tree
from snowpit.ingest.configuration.scraping import scraping
from snowpit.ingest.configuration.tree import Scalar, Tree
from snowpit.ingest.configuration.workloads import workload

DEEPEST = 4
"""Documents inside documents (a ConfigMap of a manifest of ...) that are opened."""

_LEVELS = ("None", "Metadata", "Request", "RequestResponse")
_EMBEDDED = re.compile(r"^(?:kind|scrape_configs|apiVersion):|^\s*\{", re.MULTILINE)
_NAMED_KIND = re.compile(r"[A-Z][A-Za-z0-9]{1,60}")
KINDS_AT_MOST = 200
"""Kinds that are counted by name."""


@dataclass(slots=True)
class Found:
    """What a document held.

    Args:
        rows: Settings.
        unused: Objects of which nothing was kept, by kind.
    """

    rows: list[Row] = field(default_factory=list)
    unused: dict[str, int] = field(default_factory=dict)

    def take(self, kind: str, rows: Iterator[Row]) -> None:
        """Keep the rows of one object; one without any is of no use."""
        before = len(self.rows)
        self.rows.extend(rows)
        name = kind if _NAMED_KIND.fullmatch(kind) else "other"
        if len(self.rows) == before and (name in self.unused or len(self.unused) < KINDS_AT_MOST):
            self.unused[name] = self.unused.get(name, 0) + 1


def read_document(document: Tree, found: Found, *, shift: int = 0, deep: int = 0) -> None:
    """Read one document.

    Args:
        document: Its tree.
        found: Takes settings and counts.
        shift: Lines before the document in the file.
        deep: Documents around this one.
    """
    if isinstance(document, list):
        _read_list(document, found, shift=shift, deep=deep)
        return
    if not isinstance(document, dict):
        return
    kind = tree.text(document, "kind")
    if tree.child(document, "items") is not None and (kind.endswith("List") or not kind):
        inner = [_with_kind(item, kind) for item in tree.items(document, "items")]
        for item in inner:
            read_document(item, found, shift=shift, deep=deep)
        return
    if kind == "ConfigMap" and deep < DEEPEST:
        _read_data(document, found, shift=shift, deep=deep)
        return
    _read_object(document, found, kind, shift=shift, deep=deep)


def _read_object(document: Tree, found: Found, kind: str, *, shift: int, deep: int) -> None:
    reader = reader_of(kind, tree.text(document, "apiVersion"))
    if reader is not None:
        found.take(kind, reader(document, shift))
    elif kind:
        if not kind.endswith("List"):  # its items came one by one
            found.take(kind, iter(()))
    elif tree.child(document, "kubeletconfig") is not None:
        found.take("KubeletConfiguration", _configz(document, shift))
    elif tree.child(document, "contents") is not None and deep < DEEPEST:
        _read_text(document["contents"], found, shift=shift, deep=deep)
    else:
        _read_nameless(document, found, shift)


def _read_nameless(document: Tree, found: Found, shift: int) -> None:
    """A document that does not say what it is."""
    if tree.child(document, "scrape_configs") is not None:
        found.take("ScrapeConfig", scraping(document, shift))
    elif tree.child(document, "spec", "containers") is not None:
        found.take("Pod", workload(document, "Pod", shift))
    elif _is_rule(tree.items(document, "rules")[:1]):
        found.take("Policy", _policy(document, shift))
    else:
        rows = list(release(document, shift))
        found.take("Version" if rows else "other", iter(rows))


def _with_kind(item: Tree, kind: str) -> Tree:
    """An item of a list that names the kind for all its items."""
    if not isinstance(item, dict) or "kind" in item:
        return item
    named = kind.removesuffix("List") or _guessed(item)
    return {"kind": Scalar(named, 0), **item} if named else item


def _guessed(item: Tree) -> str:
    if tree.child(item, "status", "nodeInfo") is not None:
        return "Node"
    return "Pod" if tree.child(item, "spec", "containers") is not None else ""


def _read_list(items: list[Tree], found: Found, *, shift: int, deep: int) -> None:
    if _is_rule(items[:1]):
        found.take("Policy", _policy({"rules": items}, shift))
        return
    for item in items:
        read_document(_with_kind(item, ""), found, shift=shift, deep=deep)


def _is_rule(items: list[Tree]) -> bool:
    return bool(items) and tree.text(items[0], "level") in _LEVELS


def _policy(document: Tree, shift: int) -> Iterator[Row]:
    """A piece of an audit policy without its head."""
    subject = Subject(component="kube-apiserver", document="Policy", shift=shift)
    yield from of_tree(subject, document, leave=("metadata", "apiVersion", "kind"))


def _configz(document: Tree, shift: int) -> Iterator[Row]:
    """The running configuration of a kubelet, as its ``/configz`` prints it."""
    subject = Subject(component="kubelet", document="configz", shift=shift)
    yield from of_tree(subject, document["kubeletconfig"], leave=("kind", "apiVersion", "staticPodURLHeader"))


def _read_data(document: Tree, found: Found, *, shift: int, deep: int) -> None:
    """Configurations inside a ConfigMap."""
    before = len(found.rows)
    for value in tree.mapping(document, "data").values():
        _read_text(value, found, shift=shift, deep=deep)
    if len(found.rows) == before:
        found.take("ConfigMap", iter(()))


def _read_text(value: Tree, found: Found, *, shift: int, deep: int) -> None:
    """A document that stands as text inside another."""
    if not isinstance(value, Scalar) or not _EMBEDDED.search(value.text[:65536]):
        return
    for number, part in _parts(value.text):
        inner = tree.parse(part.encode())
        if inner is not None:
            before = value.line - 1 if value.line else 0
            read_document(inner, found, shift=shift + before + number, deep=deep + 1)


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """Documents of a text, with the number of lines before each."""
    at = 0
    for part in re.split(r"^---[ \t]*$", text, flags=re.MULTILINE):
        if part.strip():
            yield at, part
        at += part.count("\n")
