"""Who may do what: ``system:masters``, then the node authorizer, then RBAC, as ``--authorization-mode=Node,RBAC``.

Sources: plugin/pkg/auth/authorizer/rbac/rbac.go (RuleAllows, VisitRulesFor) and pkg/apis/rbac/v1/evaluation_helpers.go,
1.12 to 1.28. Roles and bindings are read from the store once and again after each of their changes.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from snowpit.lab.api.nodes import Nodes
from snowpit.lab.exchange import MASTERS, RequestInfo, User
from snowpit.lab.storage import Change, Store

_GROUP = "rbac.authorization.k8s.io"
_ROLES = (f"clusterroles.{_GROUP}", f"roles.{_GROUP}")
_BINDINGS = (f"clusterrolebindings.{_GROUP}", f"rolebindings.{_GROUP}")

Rule: TypeAlias = Mapping[str, list[str]]


class Grant(NamedTuple):
    """Rules that a subject has.

    Args:
        namespace: Where; empty for the whole cluster.
        rules: The rules.
        because: How it is said that it allowed something.
    """

    namespace: str
    rules: tuple[Rule, ...]
    because: str


class Authorizer:
    """Decides by the roles of a store.

    Args:
        store: Where roles, bindings and pods are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._grants: dict[tuple[str, str], list[Grant]] | None = None
        self._nodes = Nodes(store)
        store.listen(self._changed)

    def decide(self, user: User, info: RequestInfo) -> tuple[bool, str]:
        """Whether a user may do that, and why, or why not, if there is more to say than that no rule allows it."""
        if MASTERS in user.groups:
            return True, ""
        allowed, reason = self._nodes.decide(user, info)
        if allowed:
            return True, ""
        for grant in self.grants(user, info.namespace):
            if grant.namespace and not info.resource_request:
                continue
            if any(allows(rule, info) for rule in grant.rules):
                return True, grant.because
        return False, reason

    def grants(self, user: User, namespace: str) -> Iterator[Grant]:
        """What a user is granted in the whole cluster and in a namespace."""
        if self._grants is None:
            self._grants = _collect(self._store)
        for subject in (("User", user.name), *(("Group", group) for group in user.groups)):
            for grant in self._grants.get(subject, ()):
                if grant.namespace in ("", namespace):
                    yield grant

    def _changed(self, change: Change) -> None:
        if change.key.resource in _ROLES or change.key.resource in _BINDINGS:
            self._grants = None


def allows(rule: Rule, info: RequestInfo) -> bool:
    """Whether a rule allows a request."""
    verbs = rule.get("verbs", ())
    if "*" not in verbs and info.verb not in verbs:
        return False
    if not info.resource_request:
        return any(_covers(url, info.path) for url in rule.get("nonResourceURLs", ()))
    groups, resources, names = (rule.get(part, ()) for part in ("apiGroups", "resources", "resourceNames"))
    if "*" not in groups and info.group not in groups:
        return False
    if names and info.name not in names:
        return False
    asked = f"{info.resource}/{info.subresource}" if info.subresource else info.resource
    if "*" in resources or asked in resources:
        return True
    return bool(info.subresource) and f"*/{info.subresource}" in resources


def _covers(url: str, path: str) -> bool:
    return url in ("*", path) or (url.endswith("*") and path.startswith(url[:-1]))


def _collect(store: Store) -> dict[tuple[str, str], list[Grant]]:
    roles: dict[tuple[str, str, str], tuple[Rule, ...]] = {}
    for resource in _ROLES:
        for role in store.scan(resource):
            metadata = role["metadata"]
            key = (role["kind"], metadata.get("namespace", ""), metadata["name"])
            roles[key] = tuple(role.get("rules") or ())
    grants: dict[tuple[str, str], list[Grant]] = {}
    for resource in _BINDINGS:
        for binding in store.scan(resource):
            namespace = binding["metadata"].get("namespace", "")
            reference = binding["roleRef"]
            home = namespace if reference["kind"] == "Role" else ""
            rules = roles.get((reference["kind"], home, reference["name"]), ())
            for subject in binding.get("subjects") or ():
                grant = Grant(namespace, rules, _because(binding, subject))
                grants.setdefault(_subject(subject, namespace), []).append(grant)
    return grants


def _because(binding: Mapping[str, Any], subject: Mapping[str, Any]) -> str:
    metadata, role = binding["metadata"], binding["roleRef"]
    place = f"{metadata['name']}/{metadata['namespace']}" if "namespace" in metadata else metadata["name"]
    name = f"{subject['name']}/{subject.get('namespace')}" if "namespace" in subject else subject["name"]
    return (
        f'RBAC: allowed by {binding["kind"]} "{place}" of {role["kind"]} "{role["name"]}"'
        f' to {subject["kind"]} "{name}"'
    )


def _subject(subject: Mapping[str, Any], namespace: str) -> tuple[str, str]:
    if subject["kind"] == "ServiceAccount":
        return "User", f"system:serviceaccount:{subject.get('namespace', namespace)}:{subject['name']}"
    return subject["kind"], subject["name"]
