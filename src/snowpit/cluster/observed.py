"""What the configuration in the evidence tells of a control plane: values with the line they stand in."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from snowpit.cluster.control_plane import Sourced
from snowpit.errors import FactError
from snowpit.knowledge.facts import Value
from snowpit.knowledge.version import Version
from snowpit.model.evidence import Pointer
from snowpit.model.observation.configuration import Configuration, Process, Setting
from snowpit.model.quantity import go_seconds, truth, whole

UNLIMITED = -1
"""Value of a limit that is none."""

CONFLICTS = 20
"""Differences between servers that are told."""


class Told(NamedTuple):
    """What the configuration tells.

    Args:
        values: Parameter of the control plane -> value with file and line.
        conflicts: Sentences: where servers differ, and what was taken.
    """

    values: Mapping[str, Sourced]
    conflicts: tuple[str, ...]


class _Flag(NamedTuple):
    """A flag that becomes a parameter.

    Args:
        flag: Without dashes.
        name: The parameter.
        unit: Its unit.
        read: Its value; null if the text is none.
    """

    flag: str
    name: str
    unit: str
    read: Callable[[str], Value | None]


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if abs(found) < 1e15 else None  # noqa: PLR2004 - beyond any setting


def _text(text: str) -> str | None:
    return text[:200] or None


SERVER: tuple[_Flag, ...] = (
    _Flag("max-requests-inflight", "max_requests_inflight", "requests", whole),
    _Flag("max-mutating-requests-inflight", "max_mutating_requests_inflight", "requests", whole),
    _Flag("request-timeout", "request_timeout_s", "s", go_seconds),
    _Flag("min-request-timeout", "min_request_timeout_s", "s", whole),
    _Flag("enable-priority-and-fairness", "priority_and_fairness", "", truth),
    _Flag("authentication-token-webhook-cache-ttl", "token_webhook_cache_ttl_s", "s", go_seconds),
    _Flag("authorization-webhook-cache-authorized-ttl", "access_webhook_allowed_ttl_s", "s", go_seconds),
    _Flag("authorization-webhook-cache-unauthorized-ttl", "access_webhook_denied_ttl_s", "s", go_seconds),
    _Flag("service-account-lookup", "service_account_lookup", "", truth),
    _Flag("goaway-chance", "goaway_chance", "share", _number),
    _Flag("watch-cache", "watch_cache", "", truth),
    _Flag("watch-cache-sizes", "watch_cache_sizes", "", _text),
    _Flag("default-watch-cache-size", "default_watch_cache_size", "objects", whole),
    _Flag("audit-policy-file", "audit_policy_file", "", _text),
    _Flag("audit-log-path", "audit_log_path", "", _text),
    _Flag("audit-log-mode", "audit_log_mode", "", _text),
    _Flag("audit-log-batch-buffer-size", "audit_log_buffer", "events", whole),
    _Flag("audit-webhook-mode", "audit_webhook_mode", "", _text),
    _Flag("audit-webhook-batch-buffer-size", "audit_webhook_buffer", "events", whole),
    _Flag("event-ttl", "event_ttl_s", "s", go_seconds),
)
"""Flags of kube-apiserver."""

_CLIENTS = (
    ("kube-controller-manager", "controller_manager"),
    ("kube-scheduler", "scheduler"),
    ("kubelet", "kubelet"),
)
_CLIENT_FLAGS = (
    ("kube-api-qps", "qps", "requests/s", _number),
    ("kube-api-burst", "burst", "requests", _number),
)

_KUBELET = (
    (
        "authentication.webhook.cacheTTL",
        "authentication-token-webhook-cache-ttl",
        ("kubelet_review_cache_ok_s", "kubelet_review_cache_false_s"),
    ),
    (
        "authorization.webhook.cacheAuthorizedTTL",
        "authorization-webhook-cache-authorized-ttl",
        ("kubelet_access_allowed_s",),
    ),
    (
        "authorization.webhook.cacheUnauthorizedTTL",
        "authorization-webhook-cache-unauthorized-ttl",
        ("kubelet_access_denied_s",),
    ),
)
"""Field of a kubelet's configuration, flag of the same, parameters."""

_LIMITS = ("max_requests_inflight", "max_mutating_requests_inflight")


def told(configuration: Configuration | None, version: Version | None) -> Told:
    """Values for ``build(observed=...)``.

    Where servers differ, the smallest number is taken (the server that gives way first), of texts the first.

    Args:
        configuration: As observed; null for none.
        version: Version of the server if known: it decides what a limit of 0 means.

    Returns:
        The values, and where servers contradict each other.
    """
    if configuration is None:
        return Told({}, ())
    values: dict[str, Sourced] = {}
    conflicts: list[str] = []
    for known in SERVER:
        found = _found(configuration.of("kube-apiserver"), known)
        if found:
            values[known.name], conflict = _chosen(known, found)
            conflicts += [*conflict, *_unset(configuration, known)]
    values |= dict(_clients(configuration))
    values |= dict(_kubelets(configuration))
    if configuration.nodes:
        nodes = configuration.nodes
        values["nodes"] = Sourced(nodes.count, "nodes", "observed", _where(nodes.pointer))
    values |= dict(_release(configuration, version))
    _settle_gate(values, configuration)
    _settle_limits(values, version)
    return Told(dict(sorted(values.items())), tuple(conflicts[:CONFLICTS]))


def _where(pointer: Pointer | None) -> str:
    return str(pointer) if pointer else "configuration"


def _release(configuration: Configuration, version: Version | None) -> Iterator[tuple[str, Sourced]]:
    """Where the version that is used stands, if it does."""
    for release in configuration.releases:
        if (
            release.component == "kube-apiserver"
            and version is not None
            and _version(release.version) == version
        ):
            yield "version", Sourced(str(version), "", "observed", _where(release.pointer))
            return


def _version(text: str) -> Version | None:
    try:
        return Version.parse(text)
    except FactError:
        return None


def _found(processes: Sequence[Process], known: _Flag) -> list[tuple[Value, Process, Setting]]:
    """Every value that a flag has, with the server that has it."""
    return [
        (value, process, setting)
        for process in processes
        if (setting := process.flags.get(known.flag)) and (value := known.read(setting.value)) is not None
    ]


def _chosen(known: _Flag, found: Sequence[tuple[Value, Process, Setting]]) -> tuple[Sourced, list[str]]:
    """The value that is taken, and a sentence if there were several."""
    numbers = all(isinstance(value, (int, float)) for value, _, _ in found)
    ranked = sorted(found, key=lambda item: float(item[0])) if numbers else list(found)
    value, _, setting = ranked[0]
    sourced = Sourced(value, known.unit, "observed", _where(setting.pointer))
    different = {str(item[0]).rpartition("/")[2]: item for item in reversed(ranked)}
    different = dict(reversed(different.items()))
    if len(different) == 1:
        return sourced, []
    shown = ", ".join(
        f"{told} ({process.server or _where(place.pointer)})"
        for told, process, place in list(different.values())[:5]
    )
    servers = {process.server for _, process, _ in different.values()}
    several = len(servers) == len(different) and all(servers)
    where = "differs between API servers" if several else "is told in several places"
    return sourced, [f"--{known.flag} {where}: {shown}; {value} is used."]


def _unset(configuration: Configuration, known: _Flag) -> list[str]:
    """A sentence if a flag that one whole command line has is missing in another."""
    whole_lines = [
        process
        for process in configuration.of("kube-apiserver")
        if process.server and "etcd-servers" in process.flags and known.flag not in process.flags
    ]
    names = ", ".join(process.server for process in whole_lines[:5])
    return [f"--{known.flag} is not set on {names}: the default holds there."] if names else []


def _clients(configuration: Configuration) -> Iterator[tuple[str, Sourced]]:
    """What controllers and kubelets may ask for a second."""
    for component, name in _CLIENTS:
        for flag, what, unit, read in _CLIENT_FLAGS:
            for process in configuration.of(component)[:1]:
                setting = process.flags.get(flag)
                value = read(setting.value) if setting else None
                if setting and value is not None:
                    yield f"{name}_{what}", Sourced(value, unit, "observed", _where(setting.pointer))
    for field, name in (("kubeAPIQPS", "kubelet_qps"), ("kubeAPIBurst", "kubelet_burst")):
        for kubelet in configuration.kubelets:
            setting = kubelet.values.get(field)
            value = _number(setting.value) if setting else None
            if setting and value:  # zero stands for the default
                yield name, Sourced(value, "requests/s", "observed", _where(setting.pointer))
                break


def _kubelets(configuration: Configuration) -> Iterator[tuple[str, Sourced]]:
    """Times for which kubelets remember reviews; zero in a file stands for the default, zero in a running one is zero."""
    for field, flag, names in _KUBELET:
        settings = [(kubelet.values.get(field), kubelet.running) for kubelet in configuration.kubelets]
        settings += [(process.flags.get(flag), True) for process in configuration.of("kubelet")]
        found = [
            (seconds, setting)
            for setting, running in settings
            if setting and (seconds := go_seconds(setting.value)) is not None and (running or seconds > 0)
        ]
        if found:
            seconds, setting = min(found, key=lambda item: item[0])
            for name in names:
                yield name, Sourced(seconds, "s", "observed", _where(setting.pointer))


def _settle_gate(values: dict[str, Sourced], configuration: Configuration) -> None:
    """A feature gate can turn priority and fairness off, too."""
    for process in configuration.of("kube-apiserver"):
        gates = process.flags.get("feature-gates")
        if gates and "APIPriorityAndFairness=false" in gates.value:
            values["priority_and_fairness"] = Sourced(False, "", "observed", _where(gates.pointer))  # noqa: FBT003


def _settle_limits(values: dict[str, Sourced], version: Version | None) -> None:
    """What a limit of 0 means, and the wait limit of queues that follows from the request timeout."""
    fair = values.get("priority_and_fairness")
    modern = version is not None and version.at_least("1.20")
    queues = modern and (fair is None or bool(fair.value))
    meaning = "0 adds nothing to the total of priority and fairness" if queues else "0 turns the gate off"
    for name in _LIMITS:
        limit = values.get(name)
        if limit and limit.value == 0:
            values[name] = limit._replace(value=UNLIMITED, reference=f"{limit.reference}: {meaning}")
    timeout = values.get("request_timeout_s")
    if timeout and queues:
        reference = f"{timeout.reference}: a quarter of --request-timeout"
        values["queue_wait_limit_s"] = timeout._replace(value=float(timeout.value) / 4.0, reference=reference)
