"""Closed forms where customers answer to waiting: Erlang A, retrials, machine repair, layers of retries.

Symbols as in ``queueing``. Services and patience are exponential unless said otherwise.
"""

from math import inf
from typing import NamedTuple

from snowpit.errors import ScenarioError
from snowpit.mechanism.queueing import erlang_b, require, require_positive

NEGLIGIBLE = 1e-16
LARGE = 1e100
HALVINGS = 200


class Abandonment(NamedTuple):
    """Steady state of Erlang A.

    Args:
        abandoning: Share of arrivals that leave before service.
        waiting: Probability that an arrival finds no free seat.
        queue: Mean number waiting.
    """

    abandoning: float
    waiting: float
    queue: float


def erlang_a(
    servers: int, arrival_rate: float, *, service_rate: float, abandonment_rate: float
) -> Abandonment:
    """M/M/c with exponential patience, from the sums of its birth-death chain.

    Stable at every load because waiters leave. As patience grows it tends to Erlang C where that is stable.

    Args:
        servers: Seats.
        arrival_rate: Per second.
        service_rate: Per busy seat and second.
        abandonment_rate: 1 / mean patience, per second.

    Reference:
        Garnett, Mandelbaum and Reiman, M&SOM 4(3), 2002, 208-227.

    >>> erlang_a(5, 6.0, service_rate=1.0, abandonment_rate=0.5)._asdict()["queue"].__round__(6)
    2.716639
    """
    require_positive(
        servers=servers,
        arrival_rate=arrival_rate,
        service_rate=service_rate,
        abandonment_rate=abandonment_rate,
    )
    # Weights of states relative to the one in which every seat is taken and nobody waits, scaled down in deep overload.
    full, above, queue = 1.0, 0.0, 0.0
    weight, waiters = full, 0
    while (
        weight > NEGLIGIBLE * (full + above)
        or arrival_rate > servers * service_rate + waiters * abandonment_rate
    ):
        waiters += 1
        weight *= arrival_rate / (servers * service_rate + waiters * abandonment_rate)
        above += weight
        queue += waiters * weight
        if above > LARGE:
            full, above, queue, weight = full / LARGE, above / LARGE, queue / LARGE, weight / LARGE
    at_full = erlang_b(servers, arrival_rate / service_rate)
    if at_full == 0.0:
        return Abandonment(0.0, 0.0, 0.0)
    whole = full / at_full + above
    mean_queue = queue / whole
    return Abandonment(abandonment_rate * mean_queue / arrival_rate, (full + above) / whole, mean_queue)


def retrial_orbit(arrival_rate: float, service_rate: float, *, retry_rate: float) -> float:
    """Mean number in orbit of the retrial queue M/M/1/1; each member retries at ``retry_rate``.

    Exact: rho (lambda + rho nu) / ((1 - rho) nu). The probability of a busy server is rho.

    Reference:
        Falin and Templeton, Retrial Queues, 1997, section 1.2.

    >>> round(retrial_orbit(0.5, 1.0, retry_rate=0.5), 9), round(retrial_orbit(0.7, 1.0, retry_rate=0.2), 9)
    (1.5, 9.8)
    """
    require(arrival_rate=arrival_rate)
    require_positive(service_rate=service_rate, retry_rate=retry_rate)
    rho = arrival_rate / service_rate
    if rho >= 1.0:
        return inf
    return rho * (arrival_rate + rho * retry_rate) / ((1.0 - rho) * retry_rate)


def retrial_rate(servers: int, arrival_rate: float, *, service_rate: float) -> float:
    """Attempts per second, retries included, at ``servers`` seats when whoever is refused comes back.

    Approximation: attempts are taken to be Poisson, so L (1 - B(c, L / mu)) = lambda.
    Good where the pause between tries is long against a service, low where it is short.
    Members in orbit: (result - lambda) * pause.

    Reference:
        Cohen, Philips Telecommunication Review 18, 1957, 49-100 (limit of slow retrials).

    >>> round(retrial_rate(1, 0.5, service_rate=1.0), 6)
    1.0
    """
    require(arrival_rate=arrival_rate)
    require_positive(servers=servers, service_rate=service_rate)
    if arrival_rate >= servers * service_rate:
        return inf
    low = high = arrival_rate
    while high * (1.0 - erlang_b(servers, high / service_rate)) < arrival_rate:
        high = 2.0 * high
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        if middle * (1.0 - erlang_b(servers, middle / service_rate)) < arrival_rate:
            low = middle
        else:
            high = middle
    return high


class ClosedClients(NamedTuple):
    """Steady state of closed clients at one station.

    Args:
        throughput: Completions per second.
        in_system: Mean number waiting or in service.
        sojourn: Mean seconds from arrival to departure.
    """

    throughput: float
    in_system: float
    sojourn: float


def machine_repair(clients: int, think: float, *, service_rate: float, servers: int = 1) -> ClosedClients:
    """M/M/c//N: each client thinks, asks, waits for its answer, thinks again.

    Args:
        clients: N.
        think: Mean think time (exponential; for c = 1 insensitive to its law), s.
        service_rate: Per busy server and second.
        servers: c.

    Reference:
        Kleinrock, Queueing Systems 1, 1975, section 3.8.

    >>> round(machine_repair(20, 10.0, service_rate=2.0).throughput, 6)
    1.682216
    """
    require_positive(clients=clients, think=think, service_rate=service_rate, servers=servers)
    weight = whole = 1.0
    inside = 0.0
    for count in range(1, clients + 1):
        weight *= (clients - count + 1) / think / (min(count, servers) * service_rate)
        whole += weight
        inside += count * weight
        if whole > 1.0 / NEGLIGIBLE:
            weight, inside, whole = weight / whole, inside / whole, 1.0
    in_system = inside / whole
    throughput = (clients - in_system) / think
    return ClosedClients(throughput, in_system, in_system / throughput)


def retry_amplification(layers: int, tries: int) -> float:
    """Attempts that reach the lowest of ``layers`` when all fail and each layer makes ``tries``: tries^layers.

    Reference:
        AWS Builders' Library, Timeouts, retries and backoff with jitter.

    >>> retry_amplification(5, 3)
    243.0
    """
    if layers < 0 or tries < 1:
        message = f"{layers} layers of {tries} tries do not exist; layers are at least 0, tries at least 1."
        raise ScenarioError(message, "Count the first attempt as a try.")
    return float(tries**layers)
