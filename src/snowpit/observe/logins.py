"""Requests that authentication refused."""

from snowpit.model.observation import FailedLogins
from snowpit.observe.figures import pointers, spread, top_values
from snowpit.observe.scope import Scope
from snowpit.store import Tables

WHERE = "outcome = 'unauthorized'"


def logins(tables: Tables, scope: Scope) -> FailedLogins:
    """Attempts answered 401, by source address and agent, with rates per second.

    Such events carry no user name (``pkg/endpoints/filters/authentication.go``), so that only addresses and agents
    tell who asked; behind a load balancer the address may be its own. They hold no seat, but may wait long in
    authentication: that wait is not in the audit clock before 1.20. Policies that omit the stage
    ResponseStarted hide them on older servers. Messages are not kept, so that ``bearer`` is known only where
    the reason names it.
    """
    ((attempts, bearer, told),) = tables.run(
        "SELECT count(*), count(*) FILTER (contains(lower(reason), 'bearer')), count(reason) FILTER"
        f" (contains(lower(reason), 'attempted')) FROM base WHERE {WHERE}"
    )
    ((peak,),) = tables.run(
        "SELECT coalesce(max(n), 0) FROM (SELECT sum(1) AS n FROM base"
        f" WHERE {WHERE} GROUP BY sec)"
    )
    places = tables.run(
        f"SELECT file, line FROM base WHERE {WHERE} ORDER BY received, file, line LIMIT 3"
    )
    return FailedLogins(
        attempts=attempts,
        share=attempts / scope.attempts if scope.attempts else 0.0,
        rate=attempts / scope.seconds,
        peak_rate=int(peak),
        bearer=bearer if told else None,
        sources=spread(tables, "source", where=WHERE),
        top_sources=top_values(tables, "source", where=WHERE),
        top_agents=top_values(tables, "user_agent", where=WHERE),
        samples=pointers(tables, ({"file": file, "line": line} for file, line in places)),
    )
