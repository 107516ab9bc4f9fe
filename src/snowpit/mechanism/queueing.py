"""Closed forms of queueing theory: Little, M/M/1, Erlang B and C, M/D/1, M/G/1.

Symbols: arrival rate lambda (attempts per second), service rate mu (per busy server
and second), utilisation rho = lambda / (c mu), offered load a = lambda / mu in seats.
Arrivals are Poisson except for Little's law. These judge the simulator and answer
what-if questions; they are not compiled. Sibling modules: ``queueing_feedback``
(impatience, retrials, closed clients), ``limiter_laws`` and ``cache_laws``.
"""

from math import exp, inf, isfinite

from snowpit.errors import ScenarioError


def require(**values: float) -> None:
    """Refuse negative or non-finite arguments.

    Raises:
        ScenarioError: Naming the first argument that is out of range.
    """
    for name, value in values.items():
        if not isfinite(value) or value < 0:
            message = f"{name} is {value!r}; it must be a finite number of at least 0."
            raise ScenarioError(message, f"Give {name} in the unit its description names.")


def require_positive(**values: float) -> None:
    """Refuse arguments that are not above zero and finite.

    Raises:
        ScenarioError: Naming the first argument that is out of range.
    """
    for name, value in values.items():
        if not isfinite(value) or value <= 0:
            message = f"{name} is {value!r}; it must be a finite number above 0."
            raise ScenarioError(message, f"Give {name} in the unit its description names.")


def mean_in_flight(arrival_rate: float, mean_sojourn: float) -> float:
    """Mean number of requests inside a system, L = lambda W.

    Holds for any arrivals, order of service and number of servers, provided both
    averages are taken over a window that is long against one sojourn.

    Args:
        arrival_rate: Attempts per second, retries included.
        mean_sojourn: Seconds from arrival to departure.

    Raises:
        ScenarioError: If an argument is negative or not finite.

    Reference:
        Little, Operations Research 9(3), 1961, 383-387.

    >>> mean_in_flight(500, 0.25)
    125.0
    """
    require(arrival_rate=arrival_rate, mean_sojourn=mean_sojourn)
    return arrival_rate * mean_sojourn


def mm1_sojourn(arrival_rate: float, service_rate: float) -> float:
    """Mean sojourn time of M/M/1, s; infinite from rho = 1 on.

    Reference:
        Kleinrock, Queueing Systems 1, 1975, section 3.2.

    >>> round(mm1_sojourn(0.8, 1.0), 9)
    5.0
    """
    require(arrival_rate=arrival_rate)
    require_positive(service_rate=service_rate)
    return inf if arrival_rate >= service_rate else 1.0 / (service_rate - arrival_rate)


def mm1_sojourn_above(arrival_rate: float, service_rate: float, *, seconds: float) -> float:
    """Probability that a sojourn in M/M/1 (first in, first out) lasts longer than ``seconds``.

    Reference:
        Kleinrock, Queueing Systems 1, 1975, section 5.12.

    >>> round(mm1_sojourn_above(0.8, 1.0, seconds=10.0), 5)
    0.13534
    """
    require(arrival_rate=arrival_rate, seconds=seconds)
    require_positive(service_rate=service_rate)
    return exp(-max(0.0, service_rate - arrival_rate) * seconds)


def erlang_b(servers: int, offered_load: float) -> float:
    """Share of arrivals refused by ``servers`` seats without a queue, M/G/c/c.

    Insensitive to the law of service. Refused arrivals must not come back; with
    retries see ``queueing_feedback.retrial_rate``.

    Args:
        servers: Seats.
        offered_load: lambda / mu, seats.

    Reference:
        Erlang 1917; recursion B(c) = a B(c-1) / (c + a B(c-1)).

    >>> round(erlang_b(200, 250), 6)
    0.213715
    """
    require(servers=servers, offered_load=offered_load)
    blocked = 1.0
    for count in range(1, servers + 1):
        blocked = offered_load * blocked / (count + offered_load * blocked)
    return blocked


def erlang_c(servers: int, offered_load: float) -> float:
    """Probability that an arrival has to wait in M/M/c; 1 from saturation on.

    Args:
        servers: Seats.
        offered_load: lambda / mu, seats.

    Reference:
        Erlang 1917; Cooper, Introduction to Queueing Theory, 1981, section 3.4.

    >>> round(erlang_c(5, 4), 6)
    0.554113
    """
    blocked = erlang_b(servers, offered_load)
    if offered_load >= servers:
        return 1.0
    return servers * blocked / (servers - offered_load * (1.0 - blocked))


def mmc_wait(servers: int, arrival_rate: float, *, service_rate: float) -> float:
    """Mean wait of M/M/c for a seat, s; infinite from saturation on.

    >>> round(mmc_wait(10, 8.0, service_rate=1.0), 6)
    0.20459
    """
    require(arrival_rate=arrival_rate)
    require_positive(service_rate=service_rate, servers=servers)
    spare = servers * service_rate - arrival_rate
    return inf if spare <= 0 else erlang_c(servers, arrival_rate / service_rate) / spare


def mmc_wait_above(servers: int, arrival_rate: float, *, service_rate: float, seconds: float) -> float:
    """Probability of a longer wait than ``seconds`` in M/M/c, first in, first out.

    >>> round(mmc_wait_above(5, 4.0, service_rate=1.0, seconds=0.0), 6)
    0.554113
    """
    require(arrival_rate=arrival_rate, seconds=seconds)
    require_positive(service_rate=service_rate, servers=servers)
    spare = max(0.0, servers * service_rate - arrival_rate)
    return erlang_c(servers, arrival_rate / service_rate) * exp(-spare * seconds)


def mg1_wait(arrival_rate: float, mean_service: float, *, second_moment: float) -> float:
    """Mean wait of M/G/1, s, by Pollaczek and Khinchine: lambda E[S^2] / (2 (1 - rho)).

    Args:
        arrival_rate: Per second.
        mean_service: E[S], s.
        second_moment: E[S^2], s squared.

    Reference:
        Kleinrock, Queueing Systems 1, 1975, section 5.6.

    >>> round(mg1_wait(0.8, 1.0, second_moment=2.0), 9)
    4.0
    """
    require(arrival_rate=arrival_rate, mean_service=mean_service, second_moment=second_moment)
    utilisation = arrival_rate * mean_service
    return inf if utilisation >= 1.0 else arrival_rate * second_moment / (2.0 * (1.0 - utilisation))


def md1_wait(arrival_rate: float, service: float) -> float:
    """Mean wait of M/D/1, s; ``service`` is the constant service time, s.

    >>> round(md1_wait(40.0, 1 / 50), 9)
    0.04
    """
    return mg1_wait(arrival_rate, service, second_moment=service * service)
