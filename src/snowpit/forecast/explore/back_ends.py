"""Where jobs run: threads of this machine, or a Dask or Ray cluster through joblib's back ends.

A job is a pure function of what it is given, so its answer does not depend on where it runs. A cluster runs what
this program sends it and the other way round: connect only to one that you trust.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import joblib

from snowpit.errors import EvidenceError, ScenarioError

T = TypeVar("T")
R = TypeVar("R")

LOCAL = "local"
CONNECT_S = 30
ROUNDS = 4
"""Jobs per processor in one go where a back end gives no answer before the last of a go."""

RAY_TRIES = 2
"""A busy head may need longer to start a process for a new client than Ray waits for it."""

REVIVED = {"max_restarts": -1, "max_task_retries": -1}
"""Ray starts a worker that died anew and gives it its jobs again; Dask does so by itself."""

_ADDRESS = re.compile(r"(dask|ray)://([A-Za-z0-9_.\-\[\]:]{1,200})", re.ASCII)
_HINT = "Write local, dask://host:8786 or ray://host:10001."


class BackEnd(NamedTuple):
    """An open back end.

    Args:
        name: Its name in joblib.
        processors: Jobs at once.
        streams: Whether answers come one by one, as they are ready.
        settings: What joblib hands on to it.
    """

    name: str
    processors: int
    streams: bool
    settings: Mapping[str, Any] = MappingProxyType({})


@contextmanager
def opened(cluster: str = LOCAL) -> Iterator[BackEnd]:
    """A back end for the time of a ``with``.

    Args:
        cluster: ``local``, ``dask://host:port`` (a scheduler) or ``ray://host:port`` (a Ray client server).

    Raises:
        ScenarioError: If the address is none.
        EvidenceError: If the cluster's library is not installed, or the cluster does not answer.
    """
    with ExitStack() as stack:
        if cluster == LOCAL:
            yield BackEnd("threading", _cores(), streams=True)
            return
        found = _ADDRESS.fullmatch(cluster)
        if found is None:
            raise ScenarioError(f"--cluster {cluster[:80]!a}: this is no cluster.", _HINT)
        kind, address = found[1], found[2]
        connect = _dask if kind == "dask" else _ray
        yield connect(address, stack)


def results(function: Callable[[T], R], jobs: Sequence[T], where: BackEnd) -> Iterator[tuple[int, R]]:
    """Place and answer of every job, in the order in which they end.

    Args:
        function: A function of one job, importable by name.
        jobs: The jobs.
        where: An open back end.
    """
    numbered = list(enumerate(jobs))
    if where.streams:
        yield from _together(function, numbered, where, return_as="generator_unordered")
        return
    size = ROUNDS * max(1, where.processors)
    for first in range(0, len(numbered), size):
        yield from _together(function, numbered[first : first + size], where, return_as="list")


def _together(
    function: Callable[[T], R], jobs: Sequence[tuple[int, T]], where: BackEnd, *, return_as: str
) -> Iterator[tuple[int, R]]:
    with joblib.parallel_config(backend=where.name, n_jobs=where.processors, **where.settings):
        run = joblib.Parallel(return_as=return_as, batch_size=1, pre_dispatch="all")
        yield from run(joblib.delayed(_placed)(function, place, job) for place, job in jobs)


def _placed(function: Callable[[T], R], place: int, job: T) -> tuple[int, R]:
    return place, function(job)


def _dask(address: str, stack: ExitStack) -> BackEnd:
    distributed = _library("distributed", "Dask")
    try:
        client = stack.enter_context(distributed.Client(f"tcp://{address}", timeout=CONNECT_S))
    except (OSError, TimeoutError, ValueError) as error:
        raise _silent("Dask scheduler", address) from error
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    processors = sum(int(worker["nthreads"]) for worker in workers)
    if not processors:
        raise EvidenceError(f"The Dask scheduler at {address} has no workers.", "Start one: dask worker.")
    return BackEnd("dask", processors, streams=True)


def _ray(address: str, stack: ExitStack) -> BackEnd:
    ray = _library("ray", "Ray")
    for left in reversed(range(RAY_TRIES)):
        try:
            ray.init(f"ray://{address}", log_to_driver=False)
            break
        except (ConnectionError, TimeoutError, OSError) as error:
            if not left:
                raise _silent("Ray client server", address) from error
    stack.callback(ray.shutdown)
    _library("ray.util.joblib", "Ray").register_ray()
    processors = max(1, int(ray.cluster_resources().get("CPU", 1)))
    return BackEnd("ray", processors, streams=False, settings={"ray_remote_args": REVIVED})


def _library(module: str, name: str) -> Any:  # noqa: ANN401 - libraries without types
    """An optional library, loaded where it is used."""
    try:
        return import_module(module)
    except ImportError:
        raise EvidenceError(
            f"{name} is not installed.", "Install it: pip install 'snowpit[cluster]'."
        ) from None


def _silent(what: str, address: str) -> EvidenceError:
    return EvidenceError(f"No {what} answers at {address}.", "Check that it runs and can be reached.")


def _cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
