"""Real Dask and Ray clusters on this machine's loopback, for the time of a test."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

PATIENCE_S = 60.0


class Cluster(NamedTuple):
    """A running cluster.

    Args:
        address: As ``--cluster`` takes it.
        workers: Process ids of the processes that do the work, by now.
    """

    address: str
    workers: Callable[[], list[int]]


@contextmanager
def dask(folder: Path) -> Iterator[Cluster]:
    """A Dask scheduler with two worker processes of one thread each."""
    port = _free_port()
    address = f"tcp://127.0.0.1:{port}"
    common = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny"]
    scheduler = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", address, "--no-dashboard"]
    worker = [*common, "--no-dashboard", "--local-directory", str(folder)]
    with _process(scheduler, folder / "scheduler.log"):
        _await(lambda: _answers(port))
        with _process(worker, folder / "one.log") as one, _process(worker, folder / "two.log") as two:
            _await(lambda: all("Registered to" in _text(folder / f"{name}.log") for name in ("one", "two")))
            yield Cluster(f"dask://127.0.0.1:{port}", lambda: [one, two])


@contextmanager
def ray() -> Iterator[Cluster]:
    """A Ray instance with two processors and a client server; names of its sockets have to be short."""
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as name:
        yield from _ray(Path(name))


def _ray(folder: Path) -> Iterator[Cluster]:
    port = _free_port()
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"]
    command += ["--node-ip-address=127.0.0.1", f"--port={_free_port()}", f"--ray-client-server-port={port}"]
    command += ["--num-cpus=2", "--object-store-memory=80000000", "--include-dashboard=false"]
    command += ["--disable-usage-stats", f"--temp-dir={folder}"]
    with _process(command, folder / "ray.log") as head:
        _await(lambda: _answers(port))
        yield Cluster(f"ray://127.0.0.1:{port}", lambda: _named(head, b"ray::PoolActor.run_batch"))


@contextmanager
def _process(command: list[str], log: Path) -> Iterator[int]:
    """A process in a session of its own; at the end the whole session ends."""
    with log.open("wb") as output:
        child = subprocess.Popen(  # noqa: S603 - this interpreter
            command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield child.pid
    finally:
        for pid in _session(child.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        child.wait(PATIENCE_S)


def _session(leader: int) -> list[int]:
    """Processes of a session."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.getsid(int(path.name)) == leader:
                found.append(int(path.name))
    return found


def _named(leader: int, name: bytes) -> list[int]:
    """Processes of a session whose command line begins so."""
    found = []
    for pid in _session(leader):
        with suppress(OSError):
            if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(name):
                found.append(pid)
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError:
        return False
    return True


def _text(path: Path) -> str:
    return path.read_text("utf-8", "replace") if path.exists() else ""


def _await(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.05)
