"""Which rule of an audit policy decides for requests of kubelets: the first that matches."""

from fnmatch import fnmatchcase

from snowpit.model.observation.configuration import AuditPolicy, PolicyRule

NODE, NODES = "system:node:", ("system:nodes", "system:authenticated")


def decides(policy: AuditPolicy, *, verb: str, resource: str) -> PolicyRule | None:
    """The rule for a request of any kubelet; null if none matches, so that nothing is logged.

    Args:
        policy: The policy.
        verb: For instance ``create``.
        resource: ``group/resource``, of no namespace.
    """
    return next((rule for rule in policy.rules if _matches(rule, verb, resource=resource)), None)


def _matches(rule: PolicyRule, verb: str, *, resource: str) -> bool:
    """A rule for single users is not one for all kubelets; one for URLs or namespaces is none for such a request."""
    if rule.users or rule.namespaces:
        return False
    if rule.groups and not set(rule.groups) & set(NODES):
        return False
    if rule.verbs and verb not in rule.verbs:
        return False
    if rule.resources:
        return any(_covers(pattern, resource) for pattern in rule.resources)
    return not rule.urls


def _covers(pattern: str, resource: str) -> bool:
    group, _, name = pattern.partition("/")
    own_group, _, own_name = resource.partition("/")
    return group == own_group and fnmatchcase(own_name, name)
