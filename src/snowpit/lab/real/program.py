"""One real program as a child process: its output goes to a file, and it is gone when the lab is."""

import asyncio
import ctypes
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path

from snowpit.errors import LabError

STOP_S = 20.0
"""How long a program may take to end by itself."""

POLL_S = 0.1
LAST_LINES = 5
_SET_DEATH_SIGNAL = 1


class Program:
    """A program that runs until it is stopped.

    Args:
        name: Name for messages.
        words: Program and arguments.
        log: File that its output is appended to.
    """

    def __init__(self, name: str, words: Sequence[str | Path], log: Path) -> None:
        self.name, self._words, self._log = name, [str(word) for word in words], log
        self._process: asyncio.subprocess.Process | None = None

    @property
    def runs(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """Its process; 0 before it has been started."""
        return 0 if self._process is None else self._process.pid

    async def start(self) -> None:
        """Start it.

        Raises:
            LabError: If the system does not start it.
        """
        with self._log.open("ab") as out:
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *self._words,
                    stdout=out,
                    stderr=out,
                    stdin=asyncio.subprocess.DEVNULL,
                    preexec_fn=_die_with_parent,
                )
            except OSError as error:
                raise LabError(
                    f"{self.name} cannot be started: {error.strerror}.",
                    f"Try it by hand: {self._words[0]} --version",
                ) from error

    async def ready(self, probe: Callable[[], Awaitable[bool]], *, within_s: float) -> None:
        """Wait until a probe succeeds.

        Raises:
            LabError: If it ends before, or takes longer; with the last lines that it wrote.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + within_s
        while self.runs and loop.time() < end:
            if await probe():
                return
            await asyncio.sleep(POLL_S)
        if not self.runs:
            raise self.ended()
        raise LabError(f"{self.name} is not ready in time. It says: {self._last()}", self._hint())

    async def gone(self, *, within_s: float = 1.0) -> bool:
        """Whether it has ended, or does so at once."""
        if self._process is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), within_s)
        return not self.runs

    def ended(self) -> LabError:
        """What to say if it ended by itself: the last lines that it wrote."""
        return LabError(f"{self.name} ended by itself. It says: {self._last()}", self._hint())

    def _hint(self) -> str:
        return f"Its whole log: {self._log}"

    async def stop(self, *, at_once: bool = False) -> None:
        """Ask it to end, or end it."""
        if self._process is None or not self.runs:
            return
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGKILL if at_once else signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), STOP_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _last(self) -> str:
        lines = self._log.read_text("utf-8", "replace").splitlines()[-LAST_LINES:]
        return ascii(" | ".join(lines))[1:-1][:1000]


def _die_with_parent() -> None:
    """Linux ends the child when the lab dies, however it dies."""
    ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL)
