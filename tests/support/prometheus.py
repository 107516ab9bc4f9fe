"""A real Prometheus on loopback that scrapes an exporter which replays dumps, one a scrape."""

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

PATIENCE_S = 60


def installed(tool: str, package: str = "prometheus") -> str:
    """Path of a tool; skips the test, with a reason, where it is missing, or fails it under ``SNOWPIT_NO_SKIP=1``."""
    found = shutil.which(tool)
    if found:
        return found
    reason = f"no {tool} (Debian package {package})"
    if os.environ.get("SNOWPIT_NO_SKIP") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


class Exporter:
    """Serves dumps in order, one a scrape; the last one again and again."""

    def __init__(self, dumps: Sequence[str]) -> None:
        self.replayed = threading.Event()
        self._dumps = list(dumps)
        self._served = 0

    def next(self) -> bytes:
        """The dump of this scrape."""
        dump = self._dumps[min(self._served, len(self._dumps) - 1)]
        self._served += 1
        if self._served > len(self._dumps):
            self.replayed.set()
        return dump.encode()


@contextmanager
def exporting(dumps: Sequence[str]) -> Iterator[tuple[Exporter, int]]:
    """An exporter and its port."""
    exporter = Exporter(dumps)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = exporter.next()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield exporter, server.server_address[1]
        server.shutdown()
        thread.join()


@contextmanager
def scraping(directory: Path, target: int, *, job: str) -> Iterator[str]:
    """Address of a Prometheus that scrapes a port of this machine five times a second."""
    every = "scrape_interval: 200ms, scrape_timeout: 200ms"
    with collecting(
        directory, f"{{job_name: {job}, {every}, static_configs: [{{targets: ['127.0.0.1:{target}']}}]}}"
    ) as url:
        yield url


@contextmanager
def collecting(directory: Path, jobs: str) -> Iterator[str]:
    """Address of a Prometheus.

    Args:
        directory: Where its configuration and data lie.
        jobs: Entries of ``scrape_configs``, separated by commas, in YAML's flow style.
    """
    config = directory / "prometheus.yml"
    config.write_text(f"scrape_configs: [{jobs}]\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        installed("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:  # noqa: S603 - arguments of our own
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            running.terminate()
            running.wait(PATIENCE_S)
