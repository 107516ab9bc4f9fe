"""A lab that runs on sockets in a process of its own, as operators start it, and the tools with which they reach it."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from snowpit.workflow.rehearsal import tell
from support.lab_sockets import alone
from support.prometheus import installed

WITHIN_S, START_S = 60.0, 300.0
"""Patience with what is asked, and with a start on a busy machine."""

SERVER = "https://127.0.0.1:6443"
KUBECTL, CURL = ("kubectl", "kubernetes-client"), ("curl", "curl")
"""Tools and their Debian packages."""


@contextmanager
def running(folder: Path, *words: str) -> Iterator[Path]:
    """A lab that takes commands.

    Args:
        folder: Its folder, not yet there.
        words: Scenario and options for ``snowpit lab run``.
    """
    command = [sys.executable, "-m", "snowpit", "lab", "run", *words, "--time", "wall", "-q"]
    said = folder.parent / f"{folder.name}.txt"
    with (
        alone(),
        said.open("w") as out,
        subprocess.Popen([*command, "--out", str(folder)], stdout=out, stderr=out) as process,  # noqa: S603 - made here
    ):
        try:
            until(lambda: (folder / "control.sock").exists() or process.poll() is not None, START_S)
            assert process.poll() is None, said.read_text()
            yield folder
        finally:
            process.terminate()
            process.wait(WITHIN_S)


def until(holds: Callable[[], bool], within_s: float = WITHIN_S) -> None:
    """Wait until something holds of which nobody tells; fails when it takes too long."""
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)


def status(folder: Path) -> Any:
    """Where a running lab is."""
    return tell(folder, "status", {})


def do(folder: Path, **event: object) -> None:
    """Let something happen in a running lab, as an event of a scenario."""
    tell(folder, "do", {"event": event})


def ran(tool: tuple[str, str], words: Sequence[str], *, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """What a tool says; skips the test where it is missing."""
    command = [installed(*tool), *words]
    return subprocess.run(  # noqa: S603 - made here
        command, input=stdin, capture_output=True, text=True, timeout=WITHIN_S, check=False
    )
