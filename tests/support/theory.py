"""Small scenarios with a closed form, and what a run says about them with its uncertainty."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import t

from snowpit.cluster.control_plane import Sourced, simulated, with_values
from snowpit.cluster.scenario import PriorityLevel, Scenario
from snowpit.cluster.workload import Clients, Delay, Operation, Tokens
from snowpit.knowledge.version import Version
from snowpit.model.request import STORED
from snowpit.simulate import drive, simulate
from snowpit.simulate.rows import START

BATCHES = 25
CONFIDENCE = 0.999
CERTIFICATE = Tokens(credential="certificate", subject="client")
RECEIVED, FINISHED, CODE = (
    [one.name for one in STORED].index(name) for name in ("received", "finished", "code")
)


class Estimate(NamedTuple):
    """A mean with the half-width of its confidence interval."""

    mean: float
    half: float

    def agrees(self, law: float, *, within: float) -> bool:
        """Whether the law lies inside the interval, and the interval is narrow: at most that share of the law."""
        return abs(self.mean - law) <= self.half <= within * abs(law)


class Rows(NamedTuple):
    """Finished requests in order of receipt, s."""

    received: np.ndarray
    finished: np.ndarray
    code: np.ndarray


def scenario(version: str, clients: Clients, *, horizon: float, **values: float) -> Scenario:
    """One population at one API server without time limits, with these parameters."""
    told = {"request_timeout_s": -1, "queue_wait_limit_s": -1, "handler_timeout_s": -1} | values
    sourced = {name: Sourced(value, "", "scenario", "") for name, value in told.items()}
    plane = with_values(simulated(Version.parse(version)), sourced)
    return Scenario(
        name="theory", plane=plane, clients=(clients,), horizon_s=horizon, bin_s=horizon / (10 * BATCHES)
    )


def queue(clients: Clients, *, seats: int, horizon: float, **values: float) -> Scenario:
    """Seats behind one endless queue: one priority level."""
    limits = {"max_requests_inflight": seats, "max_mutating_requests_inflight": 0} | values
    level = PriorityLevel(name="x", shares=1, queues=1, queue_length=10**9, hand_size=1)
    given = scenario("1.20.0", replace(clients, priority_level="x"), horizon=horizon, **limits)
    return replace(given, levels=(level,))


def open_clients(rate: float, service: Delay, **more: Any) -> Clients:
    """A Poisson stream of reads with a certificate."""
    asked = Operation(service=service, etcd=False)
    return replace(
        Clients(name="a", arrivals="open", rate_per_s=rate, operation=asked, tokens=CERTIFICATE), **more
    )


def exponential(mean: float) -> Delay:
    """A delay without memory, mean in s."""
    return Delay(law="exponential", mean_s=mean)


def counted(given: Scenario, *, seed: int = 1, names: tuple[str, ...]) -> list[np.ndarray]:
    """Server counts of a run by bin."""
    columns = simulate(given, seed=seed).samples.servers[0]
    return [np.array(columns[name]) for name in names]


def requests(given: Scenario, *, seed: int = 1) -> Rows:
    """Finished requests of a run, straight from the loop: rows of the request table are slow to make in great number."""
    kept: list[Any] = []
    drive.run(given, seed, rows=lambda _, records: kept.append(records.copy()))
    table = np.concatenate(kept)
    table = table[np.argsort(table["received"], kind="stable")]
    return Rows(table["received"].copy(), table["finished"].copy(), table["code"].copy())


def kept_requests(given: Scenario, *, seed: int = 1) -> Rows:
    """The same from the rows that the simulator's entry hands out, in whole microseconds."""
    kept: list[tuple[int, int, int]] = []
    simulate(
        given,
        seed=seed,
        keep_requests=lambda rows: kept.extend((row[RECEIVED], row[FINISHED], row[CODE]) for row in rows),
    )
    table = np.array(sorted(kept, key=lambda row: row[0]))
    return Rows((table[:, 0] - START) / 1e6, (table[:, 1] - START) / 1e6, table[:, 2])


def estimate(values: np.ndarray, *, warm_up: float = 0.04) -> Estimate:
    """Mean of a stationary series by the method of batch means, without its first part."""
    settled = values[int(warm_up * len(values)) :]
    batches = np.array([part.mean() for part in np.array_split(settled, BATCHES)])
    half = t.ppf((1 + CONFIDENCE) / 2, BATCHES - 1) * batches.std(ddof=1) / BATCHES**0.5
    return Estimate(float(settled.mean()), float(half))


def ratio(part: np.ndarray, whole: np.ndarray, *, warm_up: float = 0.04) -> Estimate:
    """Ratio of two counted series, by batch means of the deviation from it."""
    first = int(warm_up * len(part))
    found = part[first:].sum() / whole[first:].sum()
    deviation = estimate((part - found * whole)[first:], warm_up=0.0)
    return Estimate(float(found), deviation.half / float(whole[first:].mean()))


def found_inside(rows: Rows) -> np.ndarray:
    """How many requests each arrival finds inside, from the rows alone."""
    ended = np.sort(rows.finished)
    return np.arange(len(ended)) - np.searchsorted(ended, rows.received, side="right")
