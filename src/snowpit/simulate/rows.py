"""Finished requests of a simulated run as rows of the request table."""

from collections.abc import Callable, Iterator
from typing import Any

from snowpit.cluster.workload import Clients
from snowpit.simulate.engine import layout as at
from snowpit.simulate.world import Plan

START = 1_577_836_800_000_000
"""Instant that simulated time 0 is written as: 2020-01-01T00:00:00Z, µs since the epoch."""

VERSIONS = {
    "authentication.k8s.io": "v1beta1",
    "authorization.k8s.io": "v1beta1",
    "coordination.k8s.io": "v1beta1",
}
REASONS = {429: "TooManyRequests", 504: "Timeout", 401: "Unauthorized", 500: "InternalError"}

Row = tuple[Any, ...]


def keeper(keep: Callable[[list[Row]], None]) -> Callable[[Plan, at.Records], None]:
    """What turns batches of the loop's rows into rows in the order of ``model.request.STORED``."""
    written = 0

    def take(plan: Plan, rows: at.Records) -> None:
        nonlocal written
        batch = list(_rows(plan, rows, written))
        written += len(batch)
        keep(batch)

    return take


def _rows(plan: Plan, rows: at.Records, before: int) -> Iterator[Row]:
    heads = [_head(one, plan) for one in plan.populations]
    for number, row in enumerate(rows.tolist(), before + 1):
        fields = dict(zip(rows.dtype.names, row, strict=True))
        p, one = fields["population"], plan.populations[fields["population"]]
        code = 201 if fields["code"] == at.NOT_AUTHENTICATED else fields["code"]
        names = {"client": fields["client"] - plan.first[p], "token": fields["token"] - plan.token_base[p]}
        unknown = code == at.UNAUTHORIZED
        yield (
            START + round(fields["received"] * 1e6),
            START + round(fields["finished"] * 1e6),
            *heads[p],
            None if unknown else named(one.user, **names),
            None if unknown else one.groups,
            one.user_agent,
            f"10.{p % 250}.{names['client'] // 250 % 250}.{names['client'] % 250 + 1}",
            None,
            _subject(plan, p, fields["reviewed"]),
            code,
            REASONS.get(code),
            "ResponseComplete",
            None,
            None,
            None,
            None,
            f"simulated-{number}",
            "Metadata",
            f"apiserver-{fields['server']}",
            0,
            number,
        )


def named(pattern: str, **numbers: int) -> str:
    """A name with ``{client}`` and ``{token}`` replaced by numbers; other braces stay, for a scenario may hold anything.

    >>> named("system:node:node-{client}{0.x}", client=7)
    'system:node:node-7{0.x}'
    """
    for word, number in numbers.items():
        pattern = pattern.replace(f"{{{word}}}", str(number))
    return pattern


def _head(one: Clients, plan: Plan) -> Row:
    """Columns verb to uri of a population's requests."""
    asked = one.operation
    group = VERSIONS.get(asked.group, "v1")
    if plan.scenario.plane.version is not None and plan.scenario.plane.version.at_least("1.17.0"):
        group = "v1"
    return (
        asked.verb,
        asked.group,
        group,
        asked.resource,
        asked.subresource or None,
        asked.namespace or None,
        None,
        None,
    )


def _subject(plan: Plan, p: int, reviewed: int) -> str | None:
    """Who was reviewed."""
    found = plan.populations[p].reviewed
    return None if found is None else named(found.subject, token=reviewed - plan.reviewed_base[p])
