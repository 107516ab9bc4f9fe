"""How many clients carry ServiceAccount tokens, and which tokens these are."""

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

from snowpit.cluster.workload import Tokens
from snowpit.forecast.calibrate.account import Part
from snowpit.forecast.calibrate.weights import weights
from snowpit.knowledge.version import Version
from snowpit.model.forecast import Estimate, Source
from snowpit.model.observation.demand import Demand

THINK_S = (5.0, 20.0, 60.0)
"""Time between two requests of one client where nothing tells it: low, middle, high."""


class Number(NamedTuple):
    """How many clients there are: middle, bounds, and what tells it."""

    value: float
    low: float
    high: float
    source: Source
    reference: str


def number_of(demand: Demand) -> Number:
    """Clients by their addresses, else by their return, else by an assumed think time."""
    users, rate = len(demand.tokens), sum(demand.tokens) / demand.base.seconds
    back = demand.limiter.returning
    told = demand.sources > 2 * demand.servers and demand.callers >= users
    if told and demand.sources >= 0.5 * demand.callers:
        low, high = float(demand.callers), 1.1 * max(demand.callers, back.high if back else 0.0)
        reference = "distinct users, addresses and user agents in the audit log"
        return Number(float(demand.callers), low, high, Source.MEASURED, reference)
    if back is not None and back.median >= users:
        reference = "asks for the same tokens that come back, by waits of look-ups in the log"
        low, high = 0.85 * min(back.low, back.median), 1.15 * max(back.high, back.median)
        return Number(round(back.median), low, high, Source.MEASURED, reference)
    low, middle, high = (max(float(users), rate * think) for think in THINK_S)
    reference = f"{rate:.3g} requests a second, and a think time of 20 s (5 to 60 s)"
    return Number(float(round(middle)), low, high, Source.ASSUMED, reference)


def tokens_of(name: str, demand: Demand, version: Version, *, number: Number) -> tuple[Tokens, Part]:
    """Their tokens: one for each ServiceAccount; bound ones, one for each client."""
    users = len(demand.tokens)
    bound = version.at_least("1.21") and not demand.limiter.secrets
    per_client = bound and number.source is Source.MEASURED
    count = max(users, round(number.value)) if per_client else users
    law, least, most = weights(demand.tokens)
    tokens = Tokens(
        credential="bound_token" if bound else "legacy_token",
        count=count,
        weights=law if count == users else "uniform",
        subject="system:serviceaccount:default:account-{token}",
    )
    kind = Estimate(
        key=f"clients.{name}.tokens.credential",
        value=tokens.credential,
        source=Source.MEASURED if demand.limiter.secrets else Source.VERSION_DEFAULT,
        reference="look-ups of Secrets in the audit log"
        if demand.limiter.secrets
        else f"kind of tokens in {version}",
    )
    how_many = Estimate(
        key=f"clients.{name}.tokens.count",
        value=count,
        low=users,
        high=max(float(count), _unseen(demand.tokens)),
        unit="tokens",
        source=Source.MEASURED,
        reference="distinct ServiceAccounts among users"
        + (", one token for each client" if per_client else ""),
    )
    spread = Estimate(
        key=f"clients.{name}.tokens.weights",
        value=tokens.weights,
        source=Source.MEASURED,
        reference="requests by ServiceAccount",
        note=f"exponent {least:g} to {most:g}",
    )
    return tokens, Part((kind, how_many, spread))


def _unseen(requests: Sequence[int]) -> float:
    """Tokens with those that were not seen (Chao's lower bound: singletons squared over twice the doubletons)."""
    once, twice = requests.count(1), requests.count(2)
    return len(requests) + ceil(once * max(0, once - 1) / (2.0 * (twice + 1)))
