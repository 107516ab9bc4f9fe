"""Anonymous files in memory through which bytes reach the database.

Audit logs may hold tokens, so their bytes never touch a disk: where the
platform has no anonymous files (``memfd_create``), a scratch has no path and
its content cannot be handed to the database.
"""

import io
import os
from pathlib import Path
from typing import BinaryIO


class Scratch:
    """Bytes in memory, with a path for the database where the platform has one.

    Writing starts over with :meth:`reset`; pages are used again, as asking the
    kernel for zeroed ones costs about as much as the copy.
    """

    def __init__(self) -> None:
        self.size = 0
        self._descriptor: int | None = None
        self._buffer = io.BytesIO()
        if hasattr(os, "memfd_create"):
            self._descriptor = os.memfd_create("snowpit", os.MFD_CLOEXEC)

    @property
    def path(self) -> str | None:
        """Path under which this process can open the content; null where there is none."""
        return None if self._descriptor is None else f"/proc/self/fd/{self._descriptor}"

    def reset(self) -> None:
        """Forget the content."""
        self.size = 0
        if self._descriptor is not None:
            os.lseek(self._descriptor, 0, os.SEEK_SET)
        else:
            self._buffer = io.BytesIO()

    def write(self, data: bytes | memoryview) -> None:
        """Add bytes at the end."""
        view = memoryview(data)
        self.size += len(view)
        if self._descriptor is None:
            self._buffer.write(view)
            return
        while view:
            view = view[os.write(self._descriptor, view) :]

    def seal(self) -> None:
        """Cut off what an earlier, longer content left behind; call before handing out the path."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, self.size)

    def read(self, offset: int, length: int) -> bytes:
        """Bytes from an offset; fewer at the end."""
        length = min(length, self.size - offset)
        if length <= 0:
            return b""
        if self._descriptor is None:
            return bytes(self._buffer.getbuffer()[offset : offset + length])
        return os.pread(self._descriptor, length, offset)

    def close(self) -> None:
        """Free the memory."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        self._buffer = io.BytesIO()
        self.size = 0

    def open(self) -> BinaryIO:
        """The content as a file that can be read from anywhere."""
        path = self.path
        return io.BytesIO(self._buffer.getvalue()) if path is None else Path(path).open("rb")
