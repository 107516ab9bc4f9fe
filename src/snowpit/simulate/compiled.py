"""The only file that meets the compiler: mechanisms and event loop, compiled from outside.

The functions themselves know nothing of it. Compiled code is kept on disk in a folder named by a
digest of all their sources, because numba's own cache does not see an edit in another file; without a home directory it
is compiled anew in each run.
Reference counting is off (``_nrt=False``): nothing in the loop allocates.
"""

import hashlib
import types
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any

from snowpit.store import cache_home

MECHANISMS = (
    "backoff",
    "circuit_breaker",
    "fair_queue",
    "line",
    "priority_levels",
    "retry_budget",
    "seats",
    "shuffle_sharding",
    "single_flight",
    "token_bucket",
    "ttl_cache",
)
_ONE_AT_A_TIME = Lock()
"""Threads that start together must not tell the compiler of the functions twice."""

ENGINE = ("chance", "agenda", "authentication", "fair_queues", "serving", "calls", "kubelets", "loop")


def _modules() -> list[types.ModuleType]:
    names = [f"snowpit.mechanism.{name}" for name in MECHANISMS] + [
        f"snowpit.simulate.engine.{name}" for name in ENGINE
    ]
    return [import_module(name) for name in names]


def digest() -> str:
    """Digest of every source that is compiled, of the layout, and of the compiler's version."""
    import numba  # noqa: PLC0415

    found = hashlib.sha256(f"{numba.__version__}".encode())
    here = Path(__file__)
    for path in sorted(
        [
            here,
            here.with_name("reference.py"),
            *here.parent.glob("engine/*.py"),
            *here.parent.parent.glob("mechanism/*.py"),
        ]
    ):
        found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()[:16]


def kernel() -> tuple[Callable[..., int], Callable[..., None]]:
    """``loop.advance`` and ``loop.reset_server``, compiled (or read from disk); they let other threads run."""
    with _ONE_AT_A_TIME:
        return _kernel()


@cache
def _kernel() -> tuple[Callable[..., int], Callable[..., None]]:
    import numba  # noqa: PLC0415
    from numba.extending import register_jitable  # noqa: PLC0415

    home = cache_home()
    if home is not None:
        numba.config.CACHE_DIR = str(home / "compiled" / digest())  # type: ignore[attr-defined]
    seen: set[int] = set()
    for module in _modules():
        for function in vars(module).values():
            if isinstance(function, types.FunctionType) and id(function) not in seen:
                seen.add(id(function))
                register_jitable(_nrt=False)(function)
    reference = import_module("snowpit.simulate.reference")
    options: dict[str, Any] = {"cache": home is not None, "nogil": True, "_nrt": False}
    return numba.njit(**options)(reference.advance), numba.njit(**options)(reference.reset_server)
