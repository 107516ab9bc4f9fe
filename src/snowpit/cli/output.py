"""Writing to whoever reads: width, colour and characters of standard output."""

import os
import shutil
import sys
from pathlib import Path

from snowpit.errors import EvidenceError
from snowpit.report.text import Style

PIPED = 120
"""Columns where standard output is no terminal: the same for everyone."""


def style() -> Style:
    """What standard output can show. NO_COLOR and TERM=dumb are obeyed; a pipe gets no colours."""
    terminal = sys.stdout.isatty()
    colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    width = shutil.get_terminal_size().columns if terminal else PIPED
    return Style(width=width, colour=colour, unicode="utf" in (sys.stdout.encoding or "").lower())


def write(text: str) -> None:
    """Write to standard output; characters that it cannot carry are spelled out."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()


def put(content: str, out: str) -> None:
    """Write to a file if one was named, else to standard output.

    Raises:
        EvidenceError: If the file cannot be written.
    """
    if not out:
        write(content)
        return
    try:
        Path(out).write_text(content, "utf-8")
    except OSError as error:
        raise EvidenceError(
            f"The file cannot be written: {error.strerror}.", "Check the folder and the rights of --out."
        ) from error


def remark(text: str) -> None:
    """Write a remark on the run to standard error."""
    sys.stderr.write(text + "\n")
