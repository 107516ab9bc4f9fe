"""Which function predicts which figure, from the numbers that the case gives."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from snowpit.forecast.cases import authentication, client_limits, load
from snowpit.model.forecast import Interval

Given = Mapping[str, float]

LAW, FACT, SIMULATION = "closed form", "fact", "simulation"


class Prediction(NamedTuple):
    """How a figure is predicted.

    Args:
        how: ``closed form``, ``fact`` or ``simulation``.
        make: The prediction from the numbers that the case gives.
    """

    how: str
    make: Callable[[Given], Interval]


def _slow(given: Given) -> tuple[float, float]:
    return given["slow_qps"], given["slow_burst"]


def _fast(given: Given) -> tuple[float, float]:
    return given["fast_qps"], given["fast_burst"]


def _line(after_s: float) -> Callable[[Given], Interval]:
    return lambda given: client_limits.evenly_growing(
        given["first_s"], given["later_s"], given["apart_s"], after_s=after_s
    )


def _shipped(level: str) -> Prediction:
    return Prediction(LAW, lambda given: load.shipped_seats(given["total"], level))


def _of_145(level: str) -> Prediction:
    return Prediction(LAW, lambda given: load.seats_of(given["total"], level, given["shares"]))


PREDICTIONS: Mapping[str, Prediction] = {
    "A1.throttle_lines": Prediction(SIMULATION, lambda _: authentication.throttle_lines()),
    "A1.time_out": Prediction(FACT, lambda _: authentication.time_out()),
    "A1.certificates": Prediction(SIMULATION, lambda _: authentication.certificates()),
    "A2.without_limit": Prediction(SIMULATION, lambda _: authentication.without_limit()),
    "A2.with_limit": Prediction(SIMULATION, lambda _: authentication.with_limit()),
    "A3.warm_tokens": Prediction(LAW, lambda _: authentication.warm_tokens(lookups=1)),
    "A3.warm_tokens_two_reads": Prediction(LAW, lambda _: authentication.warm_tokens(lookups=2)),
    "A3.shard": Prediction(FACT, lambda _: authentication.shard()),
    "A3.parallel": Prediction(SIMULATION, lambda _: authentication.parallel()),
    "A4.lookups": Prediction(LAW, lambda given: authentication.cached_lookups(**given)),
    "A5.after_30_s": Prediction(LAW, _line(30.0)),
    "A5.after_40_s": Prediction(LAW, _line(40.0)),
    "A6.sustained": Prediction(LAW, lambda given: client_limits.sustained(**given)),
    "A7.first_scan": Prediction(
        LAW, lambda given: client_limits.scan(given["slow_first_s"], _slow(given), _fast(given))
    ),
    "A7.later_scans": Prediction(
        LAW, lambda given: client_limits.scan(given["slow_later_s"], _slow(given), _fast(given))
    ),
    "A8.refused_after": Prediction(
        LAW, lambda given: load.refused(given["offered_after_per_s"], given["served_per_s"])
    ),
    "A8.served_after": Prediction(
        LAW, lambda given: load.served(given["offered_after_per_s"], given["served_per_s"])
    ),
    "A9.lists": Prediction(LAW, lambda given: load.repeated(**given)),
    "A10.kubelets": Prediction(LAW, lambda given: load.heartbeats(**given)),
    "A11.replicas": Prediction(SIMULATION, lambda given: load.scrapes_by_two(**given)),
    "A12.renewals": Prediction(LAW, lambda given: load.renewals(**given)),
    "A13.retry_after": Prediction(FACT, lambda _: load.retry_after()),
    "A14.time_out": Prediction(FACT, lambda _: load.heartbeat_time_out()),
    "A15.workload_high": _shipped("workload-high"),
    "A15.global_default": _shipped("global-default"),
    "A15.catch_all": _shipped("catch-all"),
    "A15.workload_high_145": _of_145("workload-high"),
    "A15.global_default_145": _of_145("global-default"),
    "A15.catch_all_145": _of_145("catch-all"),
    "A16.default": Prediction(FACT, lambda _: client_limits.kubelet_default()),
}
