"""What the audit policy lets through, what that forbids to conclude, and what requests tell of the server."""

import re
from collections import defaultdict
from collections.abc import Mapping

from snowpit.model.observation import ControlPlaneHints, PolicyView
from snowpit.model.window import MICROS, Window
from snowpit.observe.scope import Scope
from snowpit.store import Tables

GAP_S = 60
GAPS = 10
AGENTS = 10_000

_SEEN = """
SELECT coalesce(bool_or(v IN ('get', 'list', 'watch') AND r <> ''), false),
  coalesce(bool_or(v IN ('create', 'update', 'patch', 'delete', 'deletecollection')), false),
  coalesce(bool_or(r LIKE '%tokenreviews' OR r LIKE '%subjectaccessreviews'), false),
  coalesce(bool_or(client_kind = 'node'), false), coalesce(bool_or(client_kind = 'loopback'), false),
  coalesce(bool_or(coalesce(code, 0) >= 400), false), coalesce(bool_or(outcome = 'open'), false) FROM cells
"""


def policy(tables: Tables, scope: Scope) -> PolicyView:
    """What kinds of events the evidence holds, and what follows from those that it does not.

    Unit: requests by level; events by stage.

    Assumptions: what never occurs is left out by the policy; it may also never have happened, so a blind spot
    forbids the conclusion "there was none" and nothing more.

    How computed: presence of verbs, users, levels and stages; stretches of over 60 s without any event.

    Cannot see: a policy that leaves out some users or namespaces only.

    Source: before Kubernetes 1.20 the audit event begins after authentication (1.19.0 and 1.20.0
    ``staging/src/k8s.io/apiserver/pkg/audit/request.go``).
    """
    read, write, reviews, nodes, loopback, failures, still_open = tables.run(_SEEN)[0]
    bodies, annotations = tables.run(
        "SELECT (SELECT count(subject_id) > 0 FROM narrow), coalesce(bool_or(annotated), false) FROM sorts"
    )[0]
    levels: dict[str, int] = dict(
        tables.run(
            "SELECT coalesce(level, ''), CAST(sum(n) AS BIGINT) FROM cells GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20"
        )
    )
    version = scope.server_version
    has = {
        "has_received": still_open or scope.stages.get("RequestReceived", 0) > 0,
        "has_read": read,
        "has_write": write,
        "has_reviews": reviews,
        "has_review_bodies": bodies,
        "has_nodes": nodes,
        "has_loopback": loopback,
        "has_failures": failures,
        "has_annotations": annotations,
    }
    timed = None if version is None else version[:2] >= (1, 20)
    return PolicyView(
        window=scope.window,
        gaps=_gaps(tables),
        levels=levels,
        stages=scope.stages,
        authentication_timed=timed,
        blind=_blind(scope, has, authentication_timed=timed),
        **has,
    )


def _gaps(tables: Tables) -> tuple[Window, ...]:
    """The longest stretches without any event, in order of time."""
    rows = tables.run(
        "SELECT sec, next FROM (SELECT sec, lead(sec) OVER (ORDER BY sec) AS next FROM"
        " (SELECT sec FROM starts UNION SELECT sec FROM ends WHERE outcome <> 'open'))"
        f" WHERE next - sec > {GAP_S} ORDER BY next - sec DESC, sec LIMIT {GAPS}"
    )
    return tuple(sorted(Window((sec + 1) * MICROS, following * MICROS) for sec, following in rows))


def _blind(scope: Scope, has: Mapping[str, bool], *, authentication_timed: bool | None) -> tuple[str, ...]:
    """What cannot be seen, one sentence each."""
    if not scope.attempts:
        return ("There are no requests in the window: nothing can be concluded.",)
    before = (
        "the audit event begins after authentication: requests that wait there show neither time nor start"
    )
    sentences = (
        (
            not scope.timed,
            "The evidence carries no sojourn times: seats held, slow requests and drains cannot be told.",
        ),
        (
            not has["has_received"],
            "The stage RequestReceived is not logged: requests that never ended cannot be seen.",
        ),
        (
            not has["has_read"],
            "No read of a resource is logged: read-only seats, LISTs and herds cannot be judged.",
        ),
        (not has["has_write"], "No write is logged: mutating seats cannot be judged."),
        (
            not has["has_reviews"],
            "No TokenReview or SubjectAccessReview is logged: reviews cannot be excluded as the cause.",
        ),
        (
            has["has_reviews"] and not has["has_review_bodies"],
            "Reviews are logged without bodies: whose identity was reviewed cannot be told.",
        ),
        (not has["has_nodes"], "No request of a kubelet is logged: load from nodes cannot be judged."),
        (
            not has["has_loopback"],
            "The server's requests to itself (system:apiserver) are not logged: token look-ups cannot be counted.",
        ),
        (
            not has["has_failures"],
            "No answer of 400 or more is logged: rejections and time-outs may have been left out.",
        ),
        (authentication_timed is False, f"Before Kubernetes 1.20 {before}."),
        (authentication_timed is None, f"The server's version is unknown; if it is before 1.20, {before}."),
        (
            scope.backward > 0,
            f"{scope.backward} requests end before they arrive (a clock step): their sojourn time counts as zero.",
        ),
    )
    return tuple(text for holds, text in sentences if holds)


def hints(tables: Tables, scope: Scope) -> ControlPlaneHints:
    """What requests tell of the control plane: versions, and numbers of nodes, users and ServiceAccounts.

    Unit: distinct names.

    Assumptions: the loopback client's agent tells the server's version, a kubelet's agent that of its node. Anybody
    can send any agent, so agents count only under the matching user.

    How computed: distinct values; the most frequent agent of the loopback client.

    Cannot see: nodes that asked nothing in the window.
    """
    nodes, users, accounts = tables.run(
        "SELECT count(DISTINCT id) FILTER (named_node), count(DISTINCT id),"
        " count(DISTINCT id) FILTER (client_kind = 'serviceaccount') FROM users JOIN sorts USING (sort)"
    )[0]
    agents = tables.run(
        "SELECT client_kind, value, CAST(sum(n) AS BIGINT) AS n, count(DISTINCT user_id) FILTER (client_kind = 'node') FROM ("
        "SELECT client_kind, agent_id AS id, user_id, count(*) AS n FROM narrow JOIN sorts USING (sort)"
        " WHERE client_kind IN ('loopback', 'node') AND agent_id IS NOT NULL GROUP BY ALL) JOIN names USING (id)"
        f" GROUP BY client_kind, value ORDER BY n DESC, value LIMIT {AGENTS}"
    )
    own = (_version("kube-apiserver", row[1]) for row in agents if row[0] == "loopback")
    versions: dict[str, int] = defaultdict(int)
    for kind, agent, _, count in agents:
        version = _version("kubelet", agent) if kind == "node" else None
        if version:
            versions[version] += count
    newest = sorted(versions.items(), key=lambda item: (_numbers(item[0]), item[0]), reverse=True)
    return ControlPlaneHints(
        server_version=next((version for version in own if version), None),
        client_versions=tuple(newest[:20]),
        nodes=nodes,
        servers=scope.servers,
        users=users,
        serviceaccounts=accounts,
    )


def _version(program: str, agent: str) -> str | None:
    """Version of a program in its agent header, e.g. ``1.12.2``; null if it names another program."""
    found = re.match(rf"{program}/v(\d{{1,3}}\.\d{{1,3}}(?:\.\d{{1,4}})?(?:-[0-9A-Za-z.]{{1,30}})?)", agent)
    return found.group(1) if found else None


def _numbers(version: str) -> tuple[int, ...]:
    """Numbers of a version, for ordering."""
    return tuple(int(part) for part in re.findall(r"\d+", version))
