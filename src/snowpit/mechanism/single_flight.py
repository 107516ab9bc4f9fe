"""Single flight: of all who ask for one key at a time, one look-up runs and all get its answer.

From 1.18 the token cache of API server and kubelet shares a look-up per key. It
runs detached from the requests that wait for it, bounded by 30 s of its own, and
fills the cache though every asker has left. Before 1.18 each asker looks up alone.
Source: kubernetes/apiserver pkg/authentication/token/cache/cached_token_authenticator.go 1.18.0; kubernetes#85242.
"""

from typing import NamedTuple

LOOKUP_LIMIT_S = 30.0


class Flight(NamedTuple):
    """The look-up of one key.

    Args:
        flying: Whether a look-up runs.
        askers: Requests that wait for it; may be none while it runs on.
        started: Start of the look-up, s.
    """

    flying: bool
    askers: int
    started: float


GROUNDED = Flight(flying=False, askers=0, started=0.0)


def join(flight: Flight, now: float) -> tuple[Flight, bool]:
    """Ask for the key at ``now`` (s).

    Returns:
        State afterwards and whether the asker has to start the look-up.

    >>> join(GROUNDED, 5.0)
    (Flight(flying=True, askers=1, started=5.0), True)
    """
    if flight.flying:
        return Flight(True, flight.askers + 1, flight.started), False  # noqa: FBT003 - positional for the compiler
    return Flight(True, 1, now), True  # noqa: FBT003


def leave(flight: Flight) -> Flight:
    """One asker gives up; the look-up runs on."""
    return Flight(flight.flying, flight.askers - 1, flight.started)


def must_end(flight: Flight, limit: float) -> float:
    """Instant at which the look-up is cut off, s; ``limit`` in s, infinity for none."""
    return flight.started + limit


def land(flight: Flight) -> tuple[Flight, int]:
    """The look-up ended, well or not: state afterwards and the number of askers to answer."""
    return Flight(False, 0, 0.0), flight.askers  # noqa: FBT003
