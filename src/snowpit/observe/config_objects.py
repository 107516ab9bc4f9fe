"""Objects of the configuration, from their settings: policies, priority levels, flow schemas, webhooks."""

from typing import Any

from snowpit.model.observation.configuration import (
    AuditPolicy,
    FlowSchema,
    LevelState,
    PolicyRule,
    PriorityLevel,
    Webhook,
)
from snowpit.model.quantity import whole
from snowpit.observe.config_rows import Group, at, listed, nested, place, texts, value

RULES = 300
"""Rules of a policy, and rules or resources of another object, that are kept."""


def policy(group: Group) -> AuditPolicy:
    """An audit policy."""
    tree = nested(group.values)
    return AuditPolicy(
        object=group.object,
        omit_stages=texts(tree, "omitStages"),
        rules=tuple(_rule(item) for item in listed(tree, "rules")[:RULES]),
        pointer=place(at(tree, "rules")) or group.pointer,
    )


def _rule(tree: Any) -> PolicyRule:  # noqa: ANN401 - mapping of settings
    return PolicyRule(
        level=value(tree, "level"),
        users=texts(tree, "users"),
        groups=texts(tree, "userGroups"),
        verbs=texts(tree, "verbs"),
        resources=tuple(name for item in listed(tree, "resources") for name in _resources(item)),
        namespaces=texts(tree, "namespaces"),
        urls=texts(tree, "nonResourceURLs"),
        omit_stages=texts(tree, "omitStages"),
        pointer=place(tree),
    )


def _resources(tree: Any) -> tuple[str, ...]:  # noqa: ANN401
    group = value(tree, "group")
    names = texts(tree, "resources")
    return tuple(f"{group}/{name}" for name in names[:RULES]) if names else (f"{group}/*",)


def level(group: Group) -> PriorityLevel:
    """A priority level, of any version of its API."""
    tree = nested(group.values)
    limited, exempt = at(tree, "limited"), at(tree, "exempt")
    shares = next(
        (
            found
            for part, name in (
                (limited, "nominalConcurrencyShares"),
                (limited, "assuredConcurrencyShares"),
                (exempt, "nominalConcurrencyShares"),
            )
            if (found := value(part, name))
        ),
        "",
    )
    queuing = at(limited, "limitResponse", "queuing")
    return PriorityLevel(
        name=group.object,
        type=value(tree, "type"),
        shares=whole(shares),
        lendable_percent=whole(value(limited, "lendablePercent") or value(exempt, "lendablePercent")),
        response=value(limited, "limitResponse", "type"),
        queues=whole(value(queuing, "queues")),
        queue_length=whole(value(queuing, "queueLengthLimit")),
        hand_size=whole(value(queuing, "handSize")),
        api=value(tree, "apiVersion"),
        pointer=place(at(tree, "limited")) or group.pointer,
    )


def schema(group: Group) -> FlowSchema:
    """A flow schema."""
    tree = nested(group.values)
    rules = listed(tree, "rules")[:RULES]
    resource = [item for rule in rules for item in listed(rule, "resourceRules")][:RULES]
    other = [item for rule in rules for item in listed(rule, "nonResourceRules")][:RULES]
    return FlowSchema(
        name=group.object,
        level=value(tree, "priorityLevelConfiguration", "name"),
        precedence=whole(value(tree, "matchingPrecedence")),
        distinguisher=value(tree, "distinguisherMethod", "type"),
        subjects=tuple(_subject(item) for rule in rules for item in listed(rule, "subjects"))[:RULES],
        resources=_crossed(resource, "apiGroups"),
        urls=tuple(dict.fromkeys(url for item in other for url in texts(item, "nonResourceURLs"))),
        verbs=tuple(dict.fromkeys(verb for item in (*resource, *other) for verb in texts(item, "verbs"))),
        pointer=place(at(tree, "rules")) or group.pointer,
    )


def _subject(tree: Any) -> str:  # noqa: ANN401
    kind = value(tree, "kind")
    name = (
        value(tree, "group", "name") or value(tree, "user", "name") or value(tree, "serviceAccount", "name")
    )
    space = value(tree, "serviceAccount", "namespace")
    return f"{kind}:{space}/{name}" if space else f"{kind}:{name}"


def _crossed(rules: list[Any], groups: str) -> tuple[str, ...]:
    """Every group with every resource of each rule."""
    pairs = (
        f"{group}/{name}"
        for rule in rules
        for group in texts(rule, groups)[:20]
        for name in texts(rule, "resources")[:50]
    )
    return tuple(dict.fromkeys(pairs))[:RULES]


def webhooks(group: Group) -> list[Webhook]:
    """The webhooks of a configuration."""
    tree = nested(group.values)
    return [_webhook(item, group, value(tree, "apiVersion")) for item in listed(tree, "webhooks")[:RULES]]


def _webhook(tree: Any, group: Group, api: str) -> Webhook:  # noqa: ANN401
    rules = listed(tree, "rules")
    return Webhook(
        name=value(tree, "name"),
        object=group.object,
        mutating=group.document.startswith("Mutating"),
        timeout_s=whole(value(tree, "timeoutSeconds")),
        failure_policy=value(tree, "failurePolicy"),
        operations=tuple(dict.fromkeys(text for rule in rules for text in texts(rule, "operations"))),
        resources=_crossed(rules, "apiGroups"),
        selects_namespaces=at(tree, "namespaceSelector") is not None,
        selects_objects=at(tree, "objectSelector") is not None,
        excluded=_excluded(tree),
        api=api,
        pointer=place(tree),
    )


def _excluded(tree: Any) -> tuple[str, ...]:  # noqa: ANN401
    """Namespaces that the selector leaves out by the label which holds their name."""
    terms = listed(tree, "namespaceSelector", "matchExpressions")
    return tuple(
        name
        for term in terms
        if value(term, "operator") == "NotIn"
        and value(term, "key") in ("kubernetes.io/metadata.name", "name")
        for name in texts(term, "values")
    )


def states(found: list[Group]) -> list[LevelState]:
    """Priority levels as the debug dumps show them, each level once."""
    dumps = {
        name: {group.object: group for group in found if group.document == name}
        for name in ("dump_priority_levels", "dump_queues", "dump_requests")
    }
    names = dict.fromkeys(name for groups in dumps.values() for name in groups)
    return [_state(name, *(groups.get(name) for groups in dumps.values())) for name in names]


def _state(name: str, whole_level: Group | None, queues: Group | None, requests: Group | None) -> LevelState:
    flows = [(flow, whole(count.value) or 0) for flow, count in requests.values.items()] if requests else []
    known = next((group for group in (whole_level, queues, requests) if group), None)
    return LevelState(
        name=name,
        waiting=_told(whole_level, queues, "WaitingRequests", "PendingRequests"),
        executing=_told(whole_level, queues, "ExecutingRequests", "ExecutingRequests"),
        rejected=_told(whole_level, None, "RejectedRequests", ""),
        timed_out=_told(whole_level, None, "TimedoutRequests", ""),
        flows=tuple(sorted(flows, key=lambda item: (-item[1], item[0]))[:20]),
        pointer=known.pointer if known else None,
    )


def _told(whole_level: Group | None, queues: Group | None, name: str, queue_name: str) -> int | None:
    """A count from the dump of levels, or added up over queues."""
    if whole_level is not None and name in whole_level.values:
        return whole(whole_level.text(name))
    if queues is None:
        return None
    counts = [
        whole(setting.value)
        for key, setting in queues.values.items()
        if key.rpartition(".")[2] in (queue_name, name)
    ]
    return sum(count or 0 for count in counts) if counts else None
