"""Clients with ServiceAccount tokens: how many, which tokens, how often they ask, how long they wait.

While all is well a closed population of clients that think by chance looks like any other of the same rate: requests
tell number over think time, no more. Addresses tell the number if each client has its own; else the asks of those that
wait in vain do, for each of them asks once per patience and back-off while its token is missing.
"""

from collections.abc import Sequence
from dataclasses import replace

from snowpit.cluster.assemble import identity
from snowpit.cluster.workload import Clients, Delay, Operation, Retry, Tokens
from snowpit.forecast.calibrate.account import Part, chance, of_service, operation_of, plain, service
from snowpit.forecast.calibrate.number import Number, number_of, tokens_of
from snowpit.knowledge.version import Version
from snowpit.model.forecast import Estimate, Source, Unidentified
from snowpit.model.observation.demand import Asking, Demand

NAME = "serviceaccounts"
WRITES = f"{NAME}-writes"
SHARE = 0.05
"""Writes of ServiceAccounts that are a smaller part of their requests are not told apart."""

PATIENCE_S = (10.0, 30.0, 60.0)
"""Patience where nothing tells it: usual time limits of clients; the server's own ends at 60 s."""

BACKOFF_S = 1.0
REGULAR = 0.5
"""Coefficient of variation below which callers ask like a clock."""

LONG = ("watch", "proxy", "connect")
REVIEWS = ("tokenreviews", "subjectaccessreviews", "selfsubjectaccessreviews", "localsubjectaccessreviews")

NOBODY = Unidentified(
    "Clients with ServiceAccount tokens: the evidence shows none, and none are made up. They are what keeps the bad state going.",
    "An audit log whose policy keeps requests of system:serviceaccounts (snowpit policy > policy.yaml), from a time when all was well.",
)
HOW_MANY = Unidentified(
    "How many clients share the ServiceAccount tokens: while all is well, only number over think time shows.",
    "Audit events with the clients' own addresses (sourceIPs; a proxy in front hides them), or the server's log at -v=4 while"
    " it fails, where waits of look-ups tell it.",
)
PATIENCE = Unidentified(
    "How long clients with ServiceAccount tokens wait before they hang up and ask again.",
    "The server's log at -v=4 while it fails (waits of look-ups for one token repeat with patience and back-off), or the"
    " clients' own time limits.",
)


def clients(demand: Demand, version: Version, scraper: str, subject: str) -> tuple[tuple[Clients, ...], Part]:
    """Populations of clients with ServiceAccount tokens.

    Args:
        demand: What calibration measures.
        version: Version of the API server.
        scraper: Name of the scraper; empty if there is none.
        subject: Whose token the scraper shows; empty if not known.
    """
    ours = [one for one in demand.asking if one.kind == "serviceaccount" and one.resource not in REVIEWS]
    ours = [one for one in ours if one.verb not in LONG]
    if not ours or not demand.tokens or demand.base.seconds <= 0:
        return (), Part(unidentified=(NOBODY,))
    number = number_of(demand)
    tokens, part = tokens_of(NAME, demand, version, number=number)
    total = sum(demand.tokens)
    found = []
    for name, group in (
        (NAME, [one for one in ours if one.verb in ("get", "list")]),
        (WRITES, [one for one in ours if one.verb not in ("get", "list")]),
    ):
        share = sum(one.attempts for one in group) / total
        if share >= SHARE:
            client, more = _population(name, group, demand, number=_part_of(number, share))
            found.append(client)
            part += more
    return _sharing(found, tokens, scraper=scraper, subject=subject), part + _unknown(demand, number)


def _unknown(demand: Demand, number: Number) -> Part:
    missing = [HOW_MANY] if number.source is Source.ASSUMED else []
    missing += [PATIENCE] if demand.limiter.returns_s is None else []
    return Part(unidentified=tuple(missing))


def _part_of(number: Number, share: float) -> Number:
    """The clients that make some share of the requests."""
    if share >= 1.0 - SHARE:
        return number
    return number._replace(value=number.value * share, low=number.low * share, high=number.high * share)


def _population(
    name: str, group: Sequence[Asking], demand: Demand, *, number: Number
) -> tuple[Clients, Part]:
    """One population that does what most of the group does."""
    main = max(group, key=lambda one: one.attempts)
    attempts = sum(one.attempts for one in group)
    took = service(main.sojourn) if main.sojourn else Operation().service
    count = max(1, round(number.value))
    think, spread = _think(attempts, demand, number, took.mean_s)
    patience, waits = _patience(name, demand)
    regular = demand.gap_cv is not None and demand.gap_cv < REGULAR
    found = Clients(
        name=name,
        count=count,
        user_agent=plain(main.user_agent) or "client-go",
        operation=operation_of(main, took),
        think=Delay(law="constant" if regular else "exponential", mean_s=think),
        patience=Delay(mean_s=patience),
        retry=Retry(steps=1_000_000, base_s=BACKOFF_S),
        reconnects=True,
    )
    estimates = [_count(name, count, number), _of_think(name, think, spread, number), *waits, *_habits(name)]
    if main.sojourn:
        estimates.append(of_service(f"clients.{name}.service", main.sojourn, took, "audit log, while calm"))
    return found, Part(tuple(estimates))


def _count(name: str, count: int, number: Number) -> Estimate:
    return Estimate(
        key=f"clients.{name}.count",
        value=count,
        low=number.low,
        high=number.high,
        unit="clients",
        source=number.source,
        reference=number.reference,
    )


def _think(attempts: int, demand: Demand, number: Number, took: float) -> tuple[float, tuple[float, float]]:
    """Time between calls that gives the measured rate with that many clients, and its bounds."""
    seconds = demand.base.seconds
    low, high = chance(attempts)
    cycle = max(1, round(number.value)) * seconds / attempts
    bounds = (number.low * seconds / high - took, number.high * seconds / max(low, 1.0) - took)
    return round(max(0.001, cycle - took), 4), (max(0.0, bounds[0]), max(0.0, bounds[1]))


def _of_think(name: str, think: float, bounds: tuple[float, float], number: Number) -> Estimate:
    return Estimate(
        key=f"clients.{name}.think",
        value=think,
        low=bounds[0],
        high=bounds[1],
        unit="s",
        source=number.source,
        reference="number of clients over their rate of requests while calm",
    )


def _patience(name: str, demand: Demand) -> tuple[float, tuple[Estimate, ...]]:
    """Patience: the time after which clients ask again, less the back-off; a usual one where it does not show."""
    returns = demand.limiter.returns_s
    if returns is None or returns <= BACKOFF_S:
        low, middle, high = PATIENCE_S
        source, reference = Source.ASSUMED, "a usual time limit of clients"
    else:
        middle = returns - BACKOFF_S
        low, high = max(0.5, middle - 1.5), middle + 1.5
        source, reference = Source.MEASURED, f"clients ask again {returns:g} s later, less the back-off"
    estimate = Estimate(
        key=f"clients.{name}.patience",
        value=middle,
        low=low,
        high=high,
        unit="s",
        source=source,
        reference=reference,
    )
    return middle, (estimate,)


def _habits(name: str) -> tuple[Estimate, ...]:
    """What clients do after a failure, as client-go and controllers do."""
    return (
        Estimate(
            key=f"clients.{name}.retry",
            value=BACKOFF_S,
            low=0.5,
            high=10.0,
            unit="s",
            source=Source.ASSUMED,
            reference="a second, then again, without end: informers and operators do",
        ),
        Estimate(
            key=f"clients.{name}.reconnects",
            value="true",
            source=Source.ASSUMED,
            reference="watches break with their server, and clients come back at once",
        ),
    )


def _sharing(found: Sequence[Clients], tokens: Tokens, *, scraper: str, subject: str) -> tuple[Clients, ...]:
    """Populations with their tokens; the second one carries those of the first, a lone one may be the scraper's."""
    made: list[Clients] = []
    for client in found:
        own = replace(tokens, shared_with=made[0].name) if made else tokens
        if not made and tokens.count == 1 and scraper and subject:
            own = Tokens(credential=tokens.credential, subject=subject, shared_with=scraper)
        user, groups = identity(client.name, own)
        made.append(replace(client, tokens=own, user=user, groups=groups))
    return tuple(made)
