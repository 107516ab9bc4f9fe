"""Documents as trees of mappings, lists and scalars; scalars and mappings know their line where the parser tells it."""

import importlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

import msgspec

MARKED = 512 << 10
"""Bytes of JSON up to which the slower parser that tells lines is used (1 MB/s, the other one 25 MB/s)."""

DEEPEST = 40
"""Levels below which a document is not looked at."""

MOST = 50_000
"""Values of one document that are looked at: an alias of YAML can name one value very often."""

_TEMPLATE = re.compile(r"\{\{[^{}\n]*\}\}")


class Scalar(NamedTuple):
    """A text, number or truth value as written.

    Args:
        text: As written; empty for null.
        line: 1-based line in the document; 0 if not known.
    """

    text: str
    line: int


Tree: TypeAlias = Any
"""A mapping from texts, a list, or a ``Scalar``."""


def parse(data: bytes) -> Tree | None:
    """The tree of one YAML or JSON document; null if it is neither.

    Placeholders of templates (``{{ ... }}``) are kept as text where the document is broken because of them.
    """
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    first = text.lstrip()[:1]
    if first in ("{", "[") and not text.lstrip().startswith("{{"):
        plain = _json(text)
        single = "\n" not in text.rstrip()
        if plain is not None and (len(data) > MARKED or single):
            return _plain(plain, [MOST], line=int(single))
    found = _yaml(text)
    if found is None and "{{" in text:
        found = _yaml(_TEMPLATE.sub("TEMPLATE", text))
    return found


def parse_json(data: bytes) -> Tree | None:
    """The tree of one JSON value of any size, all of it on its first line; null if it is broken."""
    found = _json(data.decode("utf-8", "replace"))
    return None if found is None else _plain(found, [MOST], line=1)


def _json(text: str) -> object | None:
    try:
        found: object = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
    return found


def _plain(value: object, left: list[int], depth: int = 0, *, line: int) -> Tree:
    """A tree from JSON values, all on one line."""
    left[0] -= 1
    if depth > DEEPEST or left[0] < 0:
        return Scalar("", line)
    if isinstance(value, dict):
        return {
            key: _plain(item, left, depth + 1, line=line)
            for key, item in value.items()
            if key != "managedFields"
        }
    if isinstance(value, list):
        return [_plain(item, left, depth + 1, line=line) for item in value]
    if isinstance(value, bool):
        return Scalar("true" if value else "false", line)
    return Scalar("" if value is None else str(value), line)


def _yaml(text: str) -> Tree | None:
    # PyYAML takes 20 ms to import, which every run would pay for.
    yaml = importlib.import_module("yaml")
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        node = yaml.compose(text, loader)
        return None if node is None else _tree(node, [MOST])
    except (yaml.YAMLError, RecursionError, ValueError):
        return None


def _tree(node: Any, left: list[int], depth: int = 0) -> Tree:  # noqa: ANN401 - nodes of an untyped library
    left[0] -= 1
    if depth > DEEPEST or left[0] < 0:
        return Scalar("", 0)
    if node.id == "mapping":
        return {
            key.value: _tree(value, left, depth + 1)
            for key, value in node.value
            if key.id == "scalar" and key.value != "managedFields"
        }
    if node.id == "sequence":
        return [_tree(item, left, depth + 1) for item in node.value]
    # The text of a block starts in the line after its mark.
    line = node.start_mark.line + 1 + (node.style in ("|", ">"))
    null = node.style is None and node.value in ("~", "null", "Null", "NULL")
    return Scalar("" if null else node.value, line)


def child(tree: Tree, *path: str) -> Tree | None:
    """What stands under a path of keys; null if nothing does."""
    for key in path:
        if not isinstance(tree, dict):
            return None
        tree = tree.get(key)
    return tree


def text(tree: Tree, *path: str) -> str:
    """The text of the scalar under a path; empty if there is none."""
    found = child(tree, *path)
    return found.text if isinstance(found, Scalar) else ""


def items(tree: Tree, *path: str) -> list[Tree]:
    """The list under a path; empty if there is none."""
    found = child(tree, *path)
    return found if isinstance(found, list) else []


def mapping(tree: Tree, *path: str) -> Mapping[str, Tree]:
    """The mapping under a path; empty if there is none."""
    found = child(tree, *path)
    return found if isinstance(found, dict) else {}


def line_of(tree: Tree) -> int:
    """The first line that a tree tells; 0 if it tells none."""
    if isinstance(tree, Scalar):
        return tree.line
    inner = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    return next((line for item in inner if (line := line_of(item))), 0)


def flattened(tree: Tree, prefix: str = "") -> Iterator[tuple[str, Scalar]]:
    """Every scalar with its path: keys joined by dots, lists by index; a dot inside a key has a backslash before it.

    An empty mapping or list is a scalar ``{}`` or ``[]``.
    """
    if isinstance(tree, Scalar):
        yield prefix, tree
        return
    if not tree:
        yield prefix, Scalar("{}" if isinstance(tree, dict) else "[]", 0)
        return
    inner = tree.items() if isinstance(tree, dict) else ((str(at), item) for at, item in enumerate(tree))
    for key, item in inner:
        escaped = key.replace("\\", "\\\\").replace(".", "\\.")
        yield from flattened(item, f"{prefix}.{escaped}" if prefix else escaped)
