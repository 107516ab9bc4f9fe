"""What a rule is, what it finds, and how all of them are asked."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from snowpit.cluster.control_plane import ControlPlane
from snowpit.errors import FactError
from snowpit.knowledge.version import Version
from snowpit.model.evidence import Pointer
from snowpit.model.observation.configuration import Configuration, Process, Setting

PER_RULE = 50
"""Violations of one rule that are given."""


class Severity(StrEnum):
    """How bad a violation is, worst first."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


ORDER = tuple(Severity)


class Violation(NamedTuple):
    """One place that breaks a rule.

    Args:
        message: What is there and what follows from it, one sentence.
        pointer: Where to change it; null if the evidence does not tell.
        severity: Where it is not the rule's.
    """

    message: str
    pointer: Pointer | None
    severity: Severity | None = None


class Example(NamedTuple):
    """A configuration that keeps or breaks a rule.

    Args:
        text: A file.
        version: Version of the server; empty if it does not matter or the file tells it.
        file: Its name.
    """

    text: str
    version: str = ""
    file: str = "example.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule.

    Args:
        id: Stable name.
        title: What it asks for, in a few words.
        severity: How bad a violation is.
        why: The mechanism that it protects against.
        remedy: What to change.
        sources: Where that is known from.
        good: Configurations that keep it.
        bad: Configurations that break it.
        find: Gives its violations.
    """

    id: str
    title: str
    severity: Severity
    why: str
    remedy: str
    sources: tuple[str, ...]
    good: tuple[Example, ...]
    bad: tuple[Example, ...]
    find: Callable[[Configuration, ControlPlane], Iterable[Violation]]


class Result(NamedTuple):
    """A violation with its rule.

    Args:
        rule: What is broken.
        message: What is there and what follows.
        pointer: Where.
        severity: How bad.
    """

    rule: Rule
    message: str
    pointer: Pointer | None
    severity: Severity


def check(rules: Sequence[Rule], configuration: Configuration, plane: ControlPlane) -> list[Result]:
    """The violations of all rules, worst first, then by place.

    Args:
        rules: Those to ask.
        configuration: As observed.
        plane: What is known of the API servers.
    """
    found = [
        Result(rule, violation.message, violation.pointer, violation.severity or rule.severity)
        for rule in rules
        for violation in islice(dict.fromkeys(rule.find(configuration, plane)), PER_RULE)
    ]
    return sorted(found, key=_rank)


def _rank(result: Result) -> tuple[int, str, int, str]:
    place = result.pointer
    return (
        ORDER.index(result.severity),
        place.path if place else "",
        place.line if place else 0,
        result.rule.id,
    )


def versions(configuration: Configuration, plane: ControlPlane) -> Iterator[tuple[Version, Pointer | None]]:
    """Every version of kube-apiserver that is known, each once."""
    seen: set[Version] = set()
    for release in configuration.releases:
        version = parsed(release.version) if release.component in ("kube-apiserver", "kubernetes") else None
        if version is not None and version not in seen:
            seen.add(version)
            yield version, release.pointer
    if plane.version is not None and not seen:
        yield plane.version, None


def servers(configuration: Configuration, plane: ControlPlane) -> Iterator[tuple[Process, Version | None]]:
    """Every kube-apiserver with its version."""
    for process in configuration.of("kube-apiserver"):
        yield process, parsed(process.version or "") or plane.version


def parsed(text: str) -> Version | None:
    """A version out of the evidence; null if it is none."""
    try:
        return Version.parse(text) if text else None
    except FactError:
        return None


def fair(process: Process, version: Version | None) -> bool:
    """Whether priority and fairness is on: by default from 1.20, unless a flag or its feature gate turns it off."""
    flag, gates = process.flags.get("enable-priority-and-fairness"), process.flags.get("feature-gates")
    off = (flag and flag.value.lower() == "false") or (
        gates and "APIPriorityAndFairness=false" in gates.value
    )
    return version is not None and version.at_least("1.20") and not off


def where(process: Process, setting: Setting | None = None) -> Pointer | None:
    """The line of a flag, else the first one of its process."""
    return (setting.pointer if setting else None) or process.pointer
