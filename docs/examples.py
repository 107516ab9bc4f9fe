"""Examples in the pages: run, compared, refreshed.

An example is a fenced block ``console`` with one command a block, ``$ snowpit
...``, run inside the folder of the bundled evidence (``audit.log.gz``). The
lines below it are its output. A line ``...`` stands for any lines; the line
after it says where the output goes on.
"""

import contextlib
import io
import os
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from snowpit import cli

DOCS = Path(__file__).parent
EVIDENCE = DOCS.parent / "src/snowpit/evidence/real-apiserver-1.13.5"
BLOCK = re.compile(r"```console\n\$ (snowpit[^\n]*)\n(.*?)```", re.DOTALL)
REST = "..."


def written() -> list[Path]:
    """Pages written by hand, that may hold examples."""
    return sorted(path for path in DOCS.rglob("*.md") if "detectors" not in path.parts)


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Commands and outputs shown on a page."""
    for found in BLOCK.finditer(page.read_text("utf-8")):
        yield found[1], found[2]


@cache
def output(command: str) -> tuple[str, ...]:
    """Lines that a command prints on standard output; the environment has no say in it."""
    with contextlib.chdir(EVIDENCE), contextlib.redirect_stdout(io.StringIO()) as out:
        kept = dict(os.environ)
        os.environ["NO_COLOR"] = "1"
        try:
            with contextlib.redirect_stderr(io.StringIO()):
                cli.run(shlex.split(command))
        finally:
            os.environ.clear()
            os.environ.update(kept)
    return tuple(out.getvalue().splitlines())


def expected(command: str, shown: str) -> str:
    """What a block should show: the same stretches of today's output.

    Raises:
        ValueError: If a stretch begins with a line that the output does not have.
    """
    lines, place, today = shown.splitlines(), 0, output(command)
    if REST not in lines:
        return "".join(f"{line}\n" for line in today)
    parts: list[str] = []
    for number, stretch in enumerate("\n".join(lines).split(f"\n{REST}")):
        wanted = stretch.removeprefix("\n").splitlines()
        if number:
            parts.append(REST)
        if not wanted:
            continue
        start = today.index(wanted[0], place) if number else 0
        place = start + len(wanted)
        parts += today[start:place]
    return "".join(f"{line}\n" for line in parts)


def refresh(page: Path) -> bool:
    """Write today's output into a page; true if that changed it."""
    before = page.read_text("utf-8")
    after = BLOCK.sub(lambda found: f"```console\n$ {found[1]}\n{expected(found[1], found[2])}```", before)
    page.write_text(after, "utf-8")
    return after != before
