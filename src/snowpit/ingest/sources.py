"""Logs inside files, directories, archives and standard input: each a labelled stream of decompressed bytes."""

import os
import stat
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, NamedTuple

from snowpit.errors import EvidenceError
from snowpit.ingest import codecs, tarball
from snowpit.ingest.stream import CHUNK, Fate, Reader
from snowpit.store import Scratch

STDIN = "-"
MOST_LAYERS = 6
"""Containers inside each other that are opened; deeper ones are taken as they are."""

LARGEST_STREAMED_ZIP = 256 << 20
"""Bytes of a zip archive that is itself inside a stream: its directory stands at its end, so it is held in memory."""

_BROKEN_ZIP: tuple[type[Exception], ...] = (*codecs.FAILURES, zipfile.BadZipFile, NotImplementedError)
ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")


@dataclass(frozen=True, slots=True)
class Origin:
    """One thing on the command line or in a directory: a file on disk, or standard input.

    Args:
        path: As the user named it; below a directory, joined to its name.
        size: Bytes as stored; null for standard input and devices.
    """

    path: str
    size: int | None


class Remark(NamedTuple):
    """Something below a directory that is not read.

    Args:
        label: Its path.
        why: In a few words.
    """

    label: str
    why: str


@dataclass(frozen=True, slots=True)
class Source:
    """One stream of log bytes.

    Args:
        label: Path; members of archives as ``archive!member``.
        container: Compression and archive layers, outermost first.
        stored_bytes: Size as stored, if known.
        reader: The decompressed bytes.
        fates: What each layer says once the bytes are used up.
    """

    label: str
    container: tuple[str, ...]
    stored_bytes: int | None
    reader: Reader
    fates: tuple[Fate, ...]

    @property
    def truncated(self) -> str:
        """What is missing, in words; the innermost layer speaks first."""
        return next((fate.truncated for fate in reversed(self.fates) if fate.truncated), "")


def text(path: str) -> str:
    """A path that can be printed and stored: control characters and bytes that are no text are replaced."""
    return "".join(
        letter if letter.isprintable() and not "\ud800" <= letter <= "\udfff" else "\ufffd" for letter in path
    )


def find(paths: Sequence[str]) -> tuple[list[Origin], list[Remark]]:
    """Files behind the paths a user gave, directories walked in order of names.

    Returns:
        The files, and a remark for everything below a directory that is left
        out (devices, pipes, broken links, what may not be opened).

    Raises:
        EvidenceError: If a path does not exist or may not be read.
    """
    origins: list[Origin] = []
    remarks: list[Remark] = []
    for path in paths:
        if path == STDIN:
            origins.append(Origin(path, None))
            continue
        try:
            status = Path(path).stat()
        except (OSError, ValueError) as error:
            raise EvidenceError(
                f"{text(path)}: {_why(error)}", "Give files, directories, archives or - (standard input)."
            ) from error
        if stat.S_ISDIR(status.st_mode):
            origins.extend(_walk(path, remarks))
        else:
            origins.append(Origin(path, status.st_size if stat.S_ISREG(status.st_mode) else None))
    return origins, remarks


def _walk(top: str, remarks: list[Remark]) -> Iterator[Origin]:
    """Regular files below a directory; links to directories are not followed, so there are no loops."""

    def refused(error: OSError) -> None:
        remarks.append(Remark(text(str(error.filename)), _why(error)))

    for directory, names, files in os.walk(top, onerror=refused):
        names.sort()
        links = [name for name in names if (Path(directory) / name).is_symlink()]
        remarks.extend(Remark(text(str(Path(directory) / name)), "a link to a directory") for name in links)
        for name in sorted(files):
            path = str(Path(directory) / name)
            try:
                status = Path(path).stat()
            except OSError as error:
                remarks.append(Remark(text(path), _why(error)))
                continue
            if stat.S_ISREG(status.st_mode):
                yield Origin(path, status.st_size)
            else:
                remarks.append(Remark(text(path), "not a regular file"))


def _why(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or "not a path"


def streams(origin: Origin, stdin: BinaryIO | None, *, moved: Callable[[int], None]) -> Iterator[Source]:
    """Logs inside one file, each to be read to its end before the next is asked for.

    Args:
        origin: The file.
        stdin: Standard input, if it may be read.
        moved: Called with the number of stored bytes just read.

    Raises:
        EvidenceError: If the file cannot be opened.
    """
    if origin.path == STDIN:
        if stdin is None:
            raise EvidenceError("- stands for standard input, but there is none", "Give a file instead.")
        yield from _open(Source(STDIN, (), None, Reader(_read(stdin, moved, Fate())), ()), None)
        return
    try:
        handle = Path(origin.path).open("rb", buffering=0)  # noqa: SIM115 -- closed by the with below
    except OSError as error:
        raise EvidenceError(
            f"{text(origin.path)}: {_why(error)}", "Check the permissions, or leave the file out."
        ) from error
    with handle:
        fate = Fate()
        yield from _open(
            Source(text(origin.path), (), origin.size, Reader(_read(handle, moved, fate)), (fate,)),
            handle if origin.size is not None else None,
        )


def _read(handle: BinaryIO, moved: Callable[[int], None], fate: Fate) -> Iterator[bytes]:
    """Stored bytes of a file; a failing disk ends them early."""
    try:
        while data := handle.read(CHUNK):
            moved(len(data))
            yield data
    except OSError as error:
        fate.truncated = f"reading failed: {_why(error)}"


def _open(source: Source, handle: BinaryIO | None) -> Iterator[Source]:
    """Logs inside a stream, containers opened layer by layer.

    Args:
        source: The stream.
        handle: The file behind it, if it can be read from anywhere.
    """
    if len(source.container) >= MOST_LAYERS:
        yield source
        return
    head = source.reader.peek(tarball.BLOCK)
    codec = next((codec for codec in codecs.CODECS if head.startswith(codec.magic)), None)
    if codec:
        fate = Fate()
        inner = Reader(codecs.unfold(source.reader, fate, codec))
        yield from _open(_layer(source, codec.name, inner, fate), None)
    elif head.startswith(ZIP_MAGIC):
        yield from _zip(source, handle)
    elif tarball.is_tar(head):
        yield from _tar(source)
    else:
        yield source


def _layer(source: Source, name: str, reader: Reader, fate: Fate) -> Source:
    return replace(source, container=(*source.container, name), reader=reader, fates=(*source.fates, fate))


def _member(
    source: Source, name: str, *, size: int, content: Iterator[bytes], fate: Fate
) -> Iterator[Source]:
    inner = replace(source, label=f"{source.label}!{text(name)}", stored_bytes=size, reader=Reader(content))
    yield from _open(replace(inner, fates=(*source.fates, fate)), None)


def _tar(source: Source) -> Iterator[Source]:
    layered = replace(source, container=(*source.container, "tar"))
    fate = Fate()
    empty = True
    for member in tarball.members(source.reader, fate):
        empty = False
        yield from _member(layered, member.name, size=member.size, content=member.content, fate=fate)
    _drain(source)
    if empty or fate.truncated or source.truncated:
        yield _nothing(layered, fate)


def _drain(source: Source) -> None:
    """Read to the end, so that the layers below know whether they are whole."""
    for _ in source.reader.rest():
        pass


def _nothing(source: Source, fate: Fate) -> Source:
    """A container itself: an empty stream, so that coverage can say what became of it."""
    _drain(source)
    return replace(source, reader=Reader(iter(())), fates=(*source.fates, fate))


def _zip(source: Source, handle: BinaryIO | None) -> Iterator[Source]:
    layered = replace(source, container=(*source.container, "zip"))
    fate = Fate()
    with ExitStack() as open_files:
        try:
            file = handle or open_files.enter_context(_held(source.reader, open_files))
            archive = open_files.enter_context(zipfile.ZipFile(file))
        except _BROKEN_ZIP:
            fate.truncated = "the zip archive is cut off, damaged or too large to be read from a stream"
            yield _nothing(layered, fate)
            return
        logs = [info for info in archive.infolist() if not info.is_dir()]
        for info in logs:
            inner = Fate()
            content = _zip_content(archive, info, inner)
            yield from _member(layered, info.filename, size=info.file_size, content=content, fate=inner)
        if not logs:
            yield _nothing(layered, fate)


def _zip_content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, fate: Fate) -> Iterator[bytes]:
    """Bytes of one member, up to its end or to where it breaks."""
    given = 0
    try:
        with archive.open(info) as member:
            while data := member.read(CHUNK):
                given += len(data)
                yield data
    except RuntimeError:
        fate.truncated = "the zip member is encrypted"
    except _BROKEN_ZIP:
        fate.truncated = f"the zip member is damaged after {given} bytes of content"


def _held(reader: Reader, open_files: ExitStack) -> BinaryIO:
    """A zip archive inside a stream, as a file in memory."""
    scratch = Scratch()
    open_files.callback(scratch.close)
    for chunk in reader.rest():
        if scratch.size + len(chunk) > LARGEST_STREAMED_ZIP:
            raise ValueError
        scratch.write(chunk)
    scratch.seal()
    return scratch.open()
