"""What requests tell of the server: its version, its clients' versions, how many there are."""

import re

from snowpit.model.observation import ControlPlaneHints
from snowpit.observe.scope import Scope
from snowpit.store import Tables

_NUMBERS = re.compile(r"\d+")

VERSIONS = 50
"""Client versions listed."""


def hints(tables: Tables, scope: Scope) -> ControlPlaneHints:
    """Versions and numbers of clients, as user agents and user names tell them.

    The server's version is that of its loopback client (user ``system:apiserver``, agent
    ``kube-apiserver/v1.12.4 (linux/amd64) ...``), the most frequent one if several occur, and null where the
    policy leaves that client out. Kubelet versions count nodes by the last part of the agent's first word.
    Patch builds of vendors (``v1.12.4-gke.10``) are kept as written. Agents are claims of clients, not proof.
    """
    server = tables.run(
        "SELECT regexp_extract(user_agent, '^(?:hyperkube|kube-apiserver)/(v[0-9][^ ]*)', 1) AS tag, count(*) AS n"
        " FROM base WHERE client_kind = 'loopback' AND tag <> '' GROUP BY tag ORDER BY n DESC, tag DESC LIMIT 1"
    )
    kubelets = tables.run(
        "SELECT regexp_extract(user_agent, '^(?:hyperkube|kubelet)/(v[0-9][^ ]*)', 1) AS tag,"
        " count(DISTINCT node) AS n FROM base WHERE node IS NOT NULL AND tag <> '' GROUP BY tag"
        f" ORDER BY n DESC, tag LIMIT {VERSIONS}"
    )
    ((nodes, users, accounts),) = tables.run(
        'SELECT count(DISTINCT node), count(DISTINCT "user"),'
        " count(DISTINCT CASE WHEN client_kind = 'serviceaccount' THEN \"user\" END) FROM base"
    )
    return ControlPlaneHints(
        server_version=server[0][0] if server else None,
        client_versions=tuple(sorted(kubelets, key=_newest_first)),
        nodes=nodes,
        servers=max(scope.servers, 1 if scope.attempts else 0),
        users=users,
        serviceaccounts=accounts,
    )


def _newest_first(item: tuple[str, int]) -> tuple[list[int], str]:
    """Sort key of a version tag."""
    return [-int(number) for number in _NUMBERS.findall(item[0])[:3]], item[0]
