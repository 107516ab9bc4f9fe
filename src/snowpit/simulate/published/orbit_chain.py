"""A server with an orbit of clients that wait to retry, as a Markov chain: its generator and three laws of it.

State (q, o): q requests queued or served (0 to queue - 1), o copies in orbit (0 to orbit - 1); q moves slowest.
With p(q) the probability that a request joining at length q is late, per second:

* arrival, q + 1: lambda; and once more alpha lambda p(q) with a copy into orbit (o + 1), as published;
* retry out of orbit, q + 1: o nu, nu = R / ((R + 1) T); the copy stays in orbit with probability p(q), else o - 1;
* a copy gives up, o - 1: o / ((R + 1) T);
* service, q - 1: mu. At a full queue arrivals are lost and retries leave the orbit without joining.

Source: github.com/mpi-sws-rse/metafor, ctmc_model/single_server/ctmc.py; Isaacs et al., Analyzing metastable
failures in distributed systems, HotOS 2025.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array, csr_array, diags_array
from scipy.sparse.linalg import eigs
from scipy.special import pdtr

Floats = npt.NDArray[np.float64]

JOIN, JOIN_LATE, JOIN_COPIED, RETRY, RETRY_LATE, DROP, SERVE, LOST = range(8)
NEAREST = 6
"""Eigenvalues computed next to 0."""


class Orbit(NamedTuple):
    """Parameters of the chain.

    Args:
        arrival_rate: lambda, new requests per second.
        service_rate: mu, per second.
        queue: Number of states of the queue, its greatest length plus one.
        orbit: Number of states of the orbit, its greatest content plus one.
        timeout_s: T, patience of a client, s.
        retries: R, retries after the first attempt.
        alpha: Weight of copies, fitted to simulations by the authors.
        tail: ``bound``: p(q) = min(1, (s / (T - m))^2), 1 if T <= m + s, with m and s mean and deviation of q
            services (published; overstates lateness); ``erlang``: exact, P(Poisson(mu T) <= q - 1).
        filled_at_s: Path only: when its queue is filled with foreign requests; below zero: never.
    """

    arrival_rate: float = 9.5
    service_rate: float = 10.0
    queue: int = 100
    orbit: int = 20
    timeout_s: float = 3.0
    retries: int = 4
    alpha: float = 0.25
    tail: str = "bound"
    filled_at_s: float = -1.0


class Move(NamedTuple):
    """One kind of transition.

    Args:
        kind: One of ``JOIN`` to ``LOST``.
        queue: Change of q.
        orbit: Change of o.
        rates: Per second, by q and o.
    """

    kind: int
    queue: int
    orbit: int
    rates: Floats


def lateness(model: Orbit) -> Floats:
    """p(q) by q: probability that a request joining at that length is late; 0 at an empty queue."""
    lengths = np.arange(model.queue)
    if model.tail == "erlang":
        late = pdtr(lengths - 1.0, model.service_rate * model.timeout_s)
    else:
        slack = model.timeout_s - lengths / model.service_rate
        deviation = np.sqrt(lengths) / model.service_rate
        late = np.where(slack > deviation, (deviation / np.where(slack > deviation, slack, 1.0)) ** 2, 1.0)
    return np.where(lengths > 0, late, 0.0)


def moves(model: Orbit) -> tuple[Move, ...]:
    """Every kind of transition with its rates; ``LOST`` leaves the state as it is."""
    ones = np.ones((model.queue, model.orbit))
    late = lateness(model)[:, None] * ones
    copies = np.arange(model.orbit) * ones
    room, full, busy, open_ = ones.copy(), 0 * ones, ones.copy(), ones.copy()
    room[-1], full[-1], busy[0], open_[:, -1] = 0, 1, 0, 0
    retry = model.retries / ((model.retries + 1) * model.timeout_s) * copies
    drop = copies / ((model.retries + 1) * model.timeout_s)
    return (
        Move(JOIN, 1, 0, model.arrival_rate * room * (1 - late)),
        Move(JOIN_LATE, 1, 0, model.arrival_rate * room * late),
        Move(JOIN_COPIED, 1, 1, model.alpha * model.arrival_rate * room * open_ * late),
        Move(RETRY, 1, -1, retry * room * (1 - late)),
        Move(RETRY_LATE, 1, 0, retry * room * late),
        Move(DROP, 0, -1, drop + retry * full),
        Move(SERVE, -1, 0, model.service_rate * busy),
        Move(LOST, 0, 0, model.arrival_rate * full),
    )


def rates(model: Orbit) -> csr_array:
    """Rates between different states, per second: sparse, queue * orbit square, index q * orbit + o."""
    states = np.arange(model.queue * model.orbit).reshape(model.queue, model.orbit)
    origin, target, value = [], [], []
    for move in moves(model):
        q, o = np.nonzero(move.rates)
        if move.kind != LOST:
            origin.append(states[q, o])
            target.append(states[q + move.queue, o + move.orbit])
            value.append(move.rates[q, o])
    places = (np.concatenate(origin), np.concatenate(target))
    return coo_array((np.concatenate(value), places), shape=(states.size, states.size)).tocsr()


def relaxation(between: csr_array, scale: float) -> float:
    """Relaxation time, s: -1 / real part of the eigenvalue of the generator next to 0.

    Args:
        between: Rates between different states.
        scale: A rate of the chain, per second; eigenvalues are sought around a ten-thousandth of it.

    Raises:
        scipy.sparse.linalg.ArpackNoConvergence: If the eigenvalues are too close to each other.
    """
    generator = between - diags_array(np.asarray(between.sum(axis=1)).ravel())
    start = np.linspace(1.0, 2.0, between.shape[0])
    found = eigs(generator.tocsc(), k=NEAREST, sigma=1e-4 * scale, v0=start, return_eigenvectors=False)
    gaps = sorted(-found.real)
    return float(1.0 / gaps[1])
