"""Stationary law and mean hitting times of a banded Markov chain, without one subtraction.

Theory of operation. States are eliminated from the last to the first: what went through state k is led past it,
q(i, j) += q(i, k) q(k, j) / s(k), with s(k) the rate at which k is left for states before it. Times spent in
eliminated states are charged to those before, c(i) += q(i, k) c(k) / s(k), c = 1 at first. Nothing is ever
subtracted, so every figure keeps its leading digits however rare the event; a sparse LU decomposition of the
same equations is wrong in the third digit once times reach 1e13 s.

Source: Grassmann, Taksar and Heyman, Operations Research 33(5), 1985, 1107-1116.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided
from scipy.sparse import csr_array

Floats = npt.NDArray[np.float64]


class Eliminated(NamedTuple):
    """A chain after elimination of all its states but the first.

    Args:
        square: float64 (n, n) view of the band: q(i, j) as it was when the greater of i and j was eliminated. Only
            |i - j| <= ``width`` may be read.
        left: float64 (n,): s, per second.
        spent: float64 (n,): c, no unit.
        width: Half width of the band.
    """

    square: Floats
    left: Floats
    spent: Floats
    width: int


def eliminate(rates: csr_array) -> Eliminated:
    """Eliminate the states of a chain, from the last to the second.

    Args:
        rates: Rates between different states, per second; every state can reach the first one.
    """
    entries = rates.tocoo()
    row, column = entries.coords
    count, width = rates.shape[0], int(np.max(np.abs(row - column)))
    band = np.zeros((count, 2 * width + 1))
    band[row, column - row + width] = entries.data
    # Row i of the band begins at column i - width: with a step of one row less one, columns line up.
    step = band.itemsize
    square = as_strided(band.reshape(-1)[width:], shape=(count, count), strides=(2 * width * step, step))
    left, spent = np.zeros(count), np.ones(count)
    for k in range(count - 1, 0, -1):
        near = slice(max(0, k - width), k)
        left[k] = square[k, near].sum()
        share = square[near, k] / left[k]
        square[near, near] += np.outer(share, square[k, near])
        spent[near] += share * spent[k]
    return Eliminated(square, left, spent, width)


def stationary(chain: Eliminated) -> Floats:
    """Stationary probability by state."""
    weight = np.zeros(len(chain.left))
    weight[0] = 1.0
    for k in range(1, len(weight)):
        near = slice(max(0, k - chain.width), k)
        weight[k] = weight[near] @ chain.square[near, k] / chain.left[k]
    law: Floats = weight / weight.sum()
    return law


def hitting_times(chain: Eliminated, targets: int) -> Floats:
    """Mean time from each state to the first ``targets`` states, s; 0 for these.

    Args:
        chain: The chain.
        targets: Number of target states, at least 1.
    """
    times = np.zeros(len(chain.left))
    for k in range(targets, len(times)):
        near = slice(max(0, k - chain.width), k)
        times[k] = (chain.spent[k] + chain.square[k, near] @ times[near]) / chain.left[k]
    return times
