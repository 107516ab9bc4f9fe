"""The configuration that the setting table tells, as records."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from snowpit.model.evidence import Pointer
from snowpit.model.observation.configuration import (
    Configuration,
    KubeletSettings,
    Nodes,
    Process,
    Release,
    Setting,
)
from snowpit.model.setting import WORKLOADS
from snowpit.observe.config_objects import level, policy, schema, states, webhooks
from snowpit.observe.config_rows import KNOWN, Group, groups
from snowpit.observe.config_scrapers import scrapers
from snowpit.observe.scope import Scope
from snowpit.store import Tables

PROCESSES = 300
"""Different programs that are kept."""

OBJECTS = 500
"""Objects of one kind that are kept."""

VALUES = 300
"""Values of one object that are kept."""

HOOKS = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")


def configuration(tables: Tables, scope: Scope | None = None) -> Configuration | None:
    """How the control plane and its clients are configured, as far as the evidence says; null if it says nothing.

    Unit: as written; periods in seconds.

    Assumptions: what stands in a manifest or file is what runs.

    How computed: settings are gathered object by object; equal programs are counted once.

    Cannot see: flags of servers whose command line or manifest is not in the evidence; what changed since it was taken.

    Source: Kubernetes API reference of each kind; ``--help`` of each component.
    """
    del scope
    if not tables.run("SELECT 1 FROM settings LIMIT 1"):
        return None
    found, omitted = groups(tables)
    by_document: dict[str, list[Group]] = {}
    for group in found:
        by_document.setdefault(group.document, []).append(group)
    programs = processes(found)
    return Configuration(
        processes=programs,
        policies=tuple(policy(group) for group in by_document.get("Policy", ())[:OBJECTS]),
        levels=tuple(level(group) for group in by_document.get("PriorityLevelConfiguration", ())[:OBJECTS]),
        schemas=tuple(schema(group) for group in by_document.get("FlowSchema", ())[:OBJECTS]),
        states=tuple(states(found))[:OBJECTS],
        webhooks=tuple(
            hook for kind in HOOKS for group in by_document.get(kind, ()) for hook in webhooks(group)
        )[:OBJECTS],
        kubelets=tuple(_kubelets(by_document)),
        scrapers=tuple(scrapers(programs, found))[:OBJECTS],
        releases=tuple(_releases(found)),
        nodes=_nodes(tables),
        admission=_values(by_document, ("AdmissionConfiguration", "EventRateLimit")),
        controllers=_values(
            by_document, ("KubeControllerManagerConfiguration", "KubeSchedulerConfiguration")
        ),
        omitted=omitted,
    )


@dataclass(slots=True)
class _Draft:
    """A program being put together from groups that follow each other."""

    group: Group
    flags: dict[str, Setting] = field(default_factory=dict)
    kind: str = ""
    account: str = ""
    knows_node: bool = False

    def matches(self, group: Group) -> bool:
        """Whether a group is about the same container."""
        own = self.group
        return (own.file, own.object, own.component) == (group.file, group.object, group.component)


def processes(found: Sequence[Group]) -> tuple[Process, ...]:
    """Programs with their flags, equal ones counted together, well-known ones first."""
    drafts: list[_Draft] = []
    for group in found:
        if group.document == "flags":
            drafts.append(_Draft(group, dict(list(group.values.items())[:VALUES])))
        elif group.document in WORKLOADS:
            _describe(drafts, group)
    counted: dict[object, Process] = {}
    for draft in drafts:
        made = _process(draft)
        key = (
            made.component,
            made.kind,
            made.version,
            tuple((name, made.flags[name].value) for name in made.flags),
        )
        former = counted.get(key)
        if former is not None and made.component != "kube-apiserver":
            counted[key] = replace(former, instances=former.instances + 1)
        else:
            counted[key if former is None else (key, made.server, made.object, len(counted))] = made
    known = sorted(counted.values(), key=lambda process: process.component not in KNOWN)
    return tuple(known[:PROCESSES])


def _describe(drafts: list[_Draft], group: Group) -> None:
    """Add what an object says of its containers to the programs found in it."""
    if group.component in WORKLOADS:
        owner = group.text("owner").partition("/")[0]
        for draft in reversed(drafts):
            if (draft.group.file, draft.group.object) != (group.file, group.object):
                break
            draft.kind = owner or draft.kind
        return
    if not drafts or not drafts[-1].matches(group) or drafts[-1].kind:
        drafts.append(_Draft(group))
    draft = drafts[-1]
    draft.kind = group.document
    draft.account = group.text("serviceAccountName")
    draft.knows_node = "nodeNameFrom" in group.values


def _process(draft: _Draft) -> Process:
    group = draft.group
    return Process(
        component=group.component,
        server=group.server,
        object=group.object,
        kind=draft.kind,
        version=group.version,
        flags={name: value for name, value in draft.flags.items() if name != "command"},
        service_account=draft.account,
        knows_node=draft.knows_node,
        pointer=group.pointer,
    )


def _kubelets(by_document: dict[str, list[Group]]) -> Iterator[KubeletSettings]:
    for name in ("KubeletConfiguration", "configz"):
        for group in by_document.get(name, ())[:OBJECTS]:
            values = {key: value for key, value in list(group.values.items())[:VALUES] if key != "apiVersion"}
            yield KubeletSettings(
                object=group.object, running=name == "configz", values=values, pointer=group.pointer
            )


def _values(by_document: dict[str, list[Group]], names: Sequence[str]) -> dict[str, Setting]:
    """Values of a few small documents together, by path."""
    return {
        f"{group.document}.{key}": value
        for name in names
        for group in by_document.get(name, ())[:OBJECTS]
        for key, value in list(group.values.items())[:VALUES]
    }


def _releases(found: Sequence[Group]) -> Iterator[Release]:
    """Releases told, each once."""
    seen: set[tuple[str, str, str]] = set()
    for group in found:
        key = (group.component, group.server, group.version or "")
        if group.version and group.component in (*KNOWN, "kubectl", "kubernetes") and key not in seen:
            seen.add(key)
            if len(seen) > OBJECTS:
                return
            yield Release(
                component=group.component, server=group.server, version=group.version, pointer=group.pointer
            )


def _nodes(tables: Tables) -> Nodes | None:
    """Nodes that were listed, by release."""
    total, ready = tables.run(
        "SELECT count(DISTINCT object), count(DISTINCT object) FILTER (WHERE key = 'ready' AND value = 'True')"
        " FROM settings WHERE document = 'Node'"
    )[0]
    if not total:
        return None
    versions = tables.run(
        "SELECT version, count(DISTINCT object) AS nodes FROM settings WHERE document = 'Node' AND version IS NOT NULL"
        " GROUP BY version ORDER BY nodes DESC, version LIMIT 20"
    )
    first = tables.run(
        "SELECT path, line FROM settings JOIN files USING (file) WHERE document = 'Node' AND line IS NOT NULL"
        " ORDER BY file, line LIMIT 1"
    )
    pointer = Pointer(first[0][0], first[0][1]) if first else None
    return Nodes(count=total, ready=ready, versions=dict(versions), pointer=pointer)
