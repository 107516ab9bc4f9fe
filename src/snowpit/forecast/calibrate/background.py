"""The rest of the load: users with certificates, class by class, as arrivals by chance."""

import re
from collections.abc import Sequence

from snowpit.cluster.by_version import NODE, NODE_GROUPS
from snowpit.cluster.workload import Clients, Operation, Retry, Tokens
from snowpit.forecast.calibrate.account import Part, chance, of_service, operation_of, plain, service
from snowpit.forecast.calibrate.clients import LONG
from snowpit.model.forecast import Estimate, Source, Unidentified
from snowpit.model.observation.demand import Asking, Demand

CLASSES = 12
"""Classes that become populations; the others are told, not simulated."""

REST = 0.02
LEAST_PER_S = 0.01
"""A class that is asked for less often is left out."""

LONGEST_NAME = 41
KUBELETS = ("tokenreviews", "subjectaccessreviews")
TRIES = 10
"""client-go repeats what is answered 429 that often."""

REVIEWERS = Unidentified(
    "TokenReviews by others than kubelets are left out: which tokens they put to review is not known.",
    "Who calls the reviewers, and with which tokens: add a population of tokenreviews with `reviewed` by hand.",
)


def background(demand: Demand, heartbeats: Clients | None) -> tuple[tuple[Clients, ...], Part]:
    """Populations of the remaining requests, and what is left out of them.

    Args:
        demand: What calibration measures.
        heartbeats: Heartbeats of kubelets, a population of their own; null without any.
    """
    seconds = demand.base.seconds
    if seconds <= 0:
        return (), Part()
    ours = [one for one in demand.asking if one.kind in ("node", "other") and one.resource]
    ours = [one for one in ours if one.verb not in LONG and one.subresource not in ("log", "exec", "proxy")]
    reviewers = [one for one in ours if one.resource == "tokenreviews" and one.kind == "other"]
    rest = [one for one in ours if not _by_kubelets(one, heartbeats) and one not in reviewers]
    rest = [one for one in rest if one.attempts / seconds >= LEAST_PER_S]
    ranked = sorted(rest, key=lambda one: (-_weight(one), one.verb, one.resource))
    names: list[str] = []
    made, part = [], Part(unidentified=(REVIEWERS,) if reviewers else ())
    for one in ranked[:CLASSES]:
        names.append(_name(one, names))
        client, more = _population(names[-1], one, seconds)
        made.append(client)
        part += more
    return tuple(made), part + _left(ranked[CLASSES:], rest)


def _by_kubelets(one: Asking, heartbeats: Clients | None) -> bool:
    if one.kind != "node":
        return False
    asked = (one.verb, one.group, one.resource, one.subresource)
    beat = heartbeats.operation if heartbeats else None
    beats = beat is not None and asked == (beat.verb, beat.group, beat.resource, beat.subresource)
    return beats or one.resource in KUBELETS


def _weight(one: Asking) -> float:
    """Seconds of seats, with a little for every attempt."""
    return one.attempts * (0.001 + (one.sojourn.median if one.sojourn else 0.0))


def _name(one: Asking, taken: Sequence[str]) -> str:
    """A name of a-z, 0-9 and - that nobody has."""
    who = "nodes" if one.kind == "node" else one.user.rpartition(":")[2] or "others"
    words = f"{who}-{one.verb}-{one.resource}" + (f"-{one.subresource}" if one.subresource else "")
    short = re.sub("[^a-z0-9]+", "-", words.lower()).strip("-")[:LONGEST_NAME].strip("-") or "others"
    if short not in taken:
        return short
    number = sum(name.startswith(short[: LONGEST_NAME - 4]) for name in taken) + 1
    return f"{short[: LONGEST_NAME - 4]}-{number}"


def _population(name: str, one: Asking, seconds: float) -> tuple[Clients, Part]:
    """Arrivals by chance at the rate of a class."""
    took = service(one.sojourn) if one.sojourn else Operation().service
    nodes = one.kind == "node"
    user = NODE if nodes else plain(one.user) or "somebody"
    made = Clients(
        name=name,
        count=max(1, one.users if nodes else one.callers),
        user=user,
        groups=NODE_GROUPS if nodes else plain(one.groups) or "system:authenticated",
        user_agent=plain(one.user_agent) or "client-go",
        operation=operation_of(one, took),
        tokens=Tokens(credential="certificate"),
        arrivals="open",
        rate_per_s=one.attempts / seconds,
        retry=Retry(inner_tries=TRIES),
    )
    low, high = chance(one.attempts)
    rate = Estimate(
        key=f"clients.{name}.rate",
        value=made.rate_per_s,
        low=low / seconds,
        high=high / seconds,
        unit="requests/s",
        source=Source.MEASURED,
        reference=f"{one.attempts:,} requests in the audit log, while calm",
    )
    if one.sojourn is None:
        return made, Part((rate,))
    return made, Part(
        (rate, of_service(f"clients.{name}.service", one.sojourn, took, "audit log, while calm"))
    )


def _left(others: Sequence[Asking], all_: Sequence[Asking]) -> Part:
    """A word on classes that are left out, if they are more than a little."""
    left, whole = sum(map(_weight, others)), sum(map(_weight, all_))
    if not others or left <= REST * whole:
        return Part()
    what = (
        f"{len(others)} classes of requests with certificates, {left / whole:.0%} of that load, are left out."
    )
    return Part(
        unidentified=(Unidentified(what, "snowpit top lists them; add populations to the scenario by hand."),)
    )
