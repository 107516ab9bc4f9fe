"""YAML and JSON manifests: streams of documents, cut so that memory holds one of them."""

import re
from collections.abc import Iterator

import msgspec

from snowpit.ingest.configuration import tree
from snowpit.ingest.configuration.accounting import Account
from snowpit.ingest.configuration.documents import Found, read_document
from snowpit.ingest.configuration.objects import NAMES
from snowpit.ingest.configuration.templates import template_rows
from snowpit.ingest.sink import Sink
from snowpit.ingest.stream import Reader
from snowpit.ingest.tolerant.cutter import Cut, Cutter
from snowpit.model.evidence import FileCoverage

LARGEST = 64 << 20
"""Bytes of one JSON document that are held; of a larger one nothing is read."""

LARGEST_YAML = 4 << 20
"""Bytes of one YAML document, or item of a list, that are held: its parser is slow and its tree large."""

_SEPARATOR = re.compile(rb"(?:---|\.\.\.)(?:\s|$)")
_ITEM = re.compile(rb" {0,4}- ")
_TOP = re.compile(rb"[^\s#-]")
_KIND = re.compile(rb"^(?:- | {2,6})?kind: *[\"']?([A-Z]\w{1,60})[\"']? *\r?$", re.MULTILINE)


def read_manifests(reader: Reader, sink: Sink, coverage: FileCoverage) -> None:
    """Read a stream of manifests into settings."""
    account = Account(coverage)
    head = reader.peek(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    if head[:1] in (b"{", b"[") and head[:2] != b"{{":
        _read_json(reader, sink, account)
    else:
        for stretch in _documents(reader, account):
            read_stretch(stretch, sink, account)
    account.close()


def read_stretch(data: bytes, sink: Sink, account: Account) -> None:
    """Read one document and account for its lines."""
    if not data.strip(b"-. \t\r\n"):
        account.add(data, "empty")
        return
    if all(line.lstrip()[:1] in (b"", b"#") for line in data.split(b"\n")):
        account.add(data, "other")
        return
    kept, broken = 0, False
    for document, shift in objects(data):
        found = Found()
        if document is not None:
            read_document(document, found, shift=account.line + shift)
        if not found.rows and b"{{" in data:
            found.rows.extend(template_rows(data, account.line))
            account.note("a template: flags were found line by line, its placeholders are not filled in")
        _store(found, sink, account)
        kept += len(found.rows)
        broken = broken or (document is None and not found.rows)
    account.add(data, "reject:broken manifest" if broken else "event" if kept else "other")


def _store(found: Found, sink: Sink, account: Account) -> None:
    for row in found.rows:
        sink.add("settings", row)
        if row["component"] == "kube-apiserver":
            account.told(row["version"], row["server"])
    account.unused(found.unused)


def objects(data: bytes) -> Iterator[tuple[tree.Tree | None, int]]:
    """The tree of a document and the lines before it; of a large JSON list that of each item, null if it is broken."""
    unused = _useless(data)
    if unused:
        yield {"kind": tree.Scalar(unused, 0)}, 0
        return
    listed = _items(data) if len(data) > tree.MARKED else None
    if listed is None:
        yield tree.parse(data), 0
        return
    kind, items = listed
    at, line = 0, 0
    for item in items:
        text = bytes(item)
        start = data.find(text, at)
        line += data.count(b"\n", at, start)
        document = tree.parse_json(text)
        yield {"kind": tree.Scalar(kind, 0), "items": [document]}, line
        at, line = start + len(text), line + text.count(b"\n")


class _List(msgspec.Struct):
    """A list of objects, its items not yet parsed."""

    items: list[msgspec.Raw]
    kind: str = "List"


def _items(data: bytes) -> tuple[str, list[msgspec.Raw]] | None:
    """Kind and items of a JSON list; null if it is none."""
    try:
        if data.lstrip()[:1] == b"[":
            return "List", msgspec.json.decode(data, type=list[msgspec.Raw])
        found = msgspec.json.decode(data, type=_List)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return found.kind, found.items


def _useless(data: bytes) -> str:
    """The kind of a YAML object of which nothing is kept, so that it need not be parsed; empty if it may be of use."""
    if data.lstrip()[:1] in (b"{", b"["):
        return ""
    kinds = {found.decode() for found in _KIND.findall(data)}
    kind = kinds.pop() if len(kinds) == 1 else ""
    opened = not kind or kind in NAMES or kind == "ConfigMap" or kind.endswith("List")
    return "" if opened else kind


def _read_json(reader: Reader, sink: Sink, account: Account) -> None:
    """One document as a rule; otherwise one in each line."""
    parts: list[bytes] = []
    held = 0
    for chunk in reader.rest():
        held += len(chunk)
        if held > LARGEST:
            break
        parts.append(chunk)
    else:
        data = b"".join(parts)
        for stretch in _values(data):
            read_stretch(stretch, sink, account)
        return
    lines = sum(part.count(b"\n") for part in (*parts, chunk))
    size, last = held, chunk
    for more in reader.rest():
        size, lines, last = size + len(more), lines + more.count(b"\n"), more
    account.skip(size, lines + (not last.endswith(b"\n")), "reject:document too large")


def _values(data: bytes) -> Iterator[bytes]:
    """The JSON values of a file, each with its lines: the whole, or one a line."""
    if not _is_value(data):
        lines = [line + b"\n" for line in data.split(b"\n")]
        lines[-1] = lines[-1][:-1]
        if len(lines) > 1 and all(_is_value(line) for line in lines[:3] if line.strip()):
            yield from filter(None, lines)
            return
    yield data


def _is_value(data: bytes) -> bool:
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return False
    return True


class _Documents:
    """Collects lines into documents, and those of a list of objects into one document an item.

    Args:
        account: Takes what is too large to be held.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._held: list[bytes] = []
        self._size = 0
        self._in_items = False
        self._indent: int | None = None

    def feed(self, line: bytes) -> Iterator[bytes]:
        """The document before, if this line begins another."""
        item = self._in_items and bool(_ITEM.match(line)) and self._indent in (None, _indent(line))
        top = bool(_TOP.match(line))
        if item or _SEPARATOR.match(line) or (top and self._in_items):
            yield from self.finish()
            self._in_items = item
            self._indent = _indent(line) if item else None
        if line.rstrip() == b"items:":
            self._in_items = True
        if self._size + len(line) > LARGEST_YAML:
            self._give_up()
            self._account.add(line, "reject:document too large")
            return
        self._held.append(line)
        self._size += len(line)

    def finish(self) -> Iterator[bytes]:
        """What is held."""
        if self._held:
            yield b"".join(self._held)
        self._held.clear()
        self._size = 0

    def _give_up(self) -> None:
        """Let go of a document that grew too large; the rest of it is accounted for line by line."""
        for line in self._held:
            self._account.add(line, "reject:document too large")
        self._held.clear()
        self._size = LARGEST_YAML


def _documents(reader: Reader, account: Account) -> Iterator[bytes]:
    """YAML documents; the items of a list of objects come one by one."""
    cutter, documents = Cutter(LARGEST_YAML), _Documents(account)
    for cut in (cut for part in (_fed(cutter, reader), cutter.finish()) for cut in part):
        if cut.dropped:
            yield from documents.finish()
            account.skip(cut.dropped, 1, "reject:line too long")
        else:
            yield from documents.feed(cut.line)
    yield from documents.finish()


def _fed(cutter: Cutter, reader: Reader) -> Iterator[Cut]:
    for chunk in reader.rest():
        yield from cutter.feed(chunk)


def _indent(line: bytes) -> int:
    return len(line) - len(line.lstrip(b" "))
