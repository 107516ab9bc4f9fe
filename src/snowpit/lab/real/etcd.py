"""A real etcd on loopback, for the real API servers of one lab."""

from pathlib import Path

import aiohttp

from snowpit.lab.network.serving import listen
from snowpit.lab.real.program import Program

READY_S = 60.0
ASKING_S = 5.0


class Etcd:
    """One etcd.

    Args:
        path: The binary.
        data: Folder for its data, which hold Secrets; made readable by its owner alone.
        log: File that its output is appended to.
    """

    def __init__(self, path: Path, data: Path, log: Path) -> None:
        self._path, self._data, self._log = path, data, log
        self._program: Program | None = None
        self.url = ""
        """Where clients reach it, once it has started."""

    async def start(self) -> None:
        """Start it on free ports and wait until it is healthy.

        Raises:
            LabError: If it is not, with what it said.
        """
        self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.url, peers = _free(), _free()
        words = (
            str(self._path),
            "--name=lab",
            f"--data-dir={self._data}",
            f"--listen-client-urls={self.url}",
            f"--advertise-client-urls={self.url}",
            f"--listen-peer-urls={peers}",
            f"--initial-advertise-peer-urls={peers}",
            f"--initial-cluster=lab={peers}",
        )
        self._program = Program("etcd", words, self._log)
        await self._program.start()
        await self._program.ready(self._healthy, within_s=READY_S)

    async def stop(self) -> None:
        """Let it end."""
        if self._program is not None:
            await self._program.stop()

    async def _healthy(self) -> bool:
        limit = aiohttp.ClientTimeout(total=ASKING_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=limit) as session,
                session.get(f"{self.url}/health") as response,
            ):
                told = await response.json(content_type=None)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError):
            return False
        return isinstance(told, dict) and told.get("health") in ("true", True)


def _free() -> str:
    """A free port of loopback, as a URL."""
    with listen("127.0.0.1:0") as sock:
        return f"http://127.0.0.1:{sock.getsockname()[1]}"
