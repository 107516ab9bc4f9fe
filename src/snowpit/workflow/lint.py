"""From configuration to violations: read, observe, know the server, ask the rules."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from snowpit.cluster import ControlPlane, build
from snowpit.cluster.observed import told
from snowpit.errors import EvidenceError, FactError
from snowpit.ingest import Progress, read
from snowpit.knowledge.version import Version
from snowpit.lint import RULES, Result, Rule, check
from snowpit.lint.planes import members
from snowpit.lint.rule import parsed
from snowpit.model.evidence import Coverage
from snowpit.model.observation import Configuration
from snowpit.observe.configuration import configuration
from snowpit.store import Tables

SERVERS = 5
"""Servers of one control plane that are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was asked and found.

    Args:
        results: Violations, worst first.
        rules: Rules that were asked.
        plane: What is known of the API servers.
        coverage: What was read.
        remarks: Sentences: which files are taken as one control plane, and where its servers differ.
    """

    results: tuple[Result, ...]
    rules: tuple[Rule, ...]
    plane: ControlPlane
    coverage: Coverage
    remarks: tuple[str, ...]


def inspect(
    paths: Sequence[str],
    *,
    server_version: str = "",
    disabled: Sequence[str] = (),
    cache: Path | None = None,
    stdin: BinaryIO | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Inspection:
    """Ask the rules about the configuration in files.

    Args:
        paths: Files, directories, archives, or ``-``.
        server_version: As the user gives it; empty to take what the files tell.
        disabled: Ids of rules that are not asked.
        cache: Directory of parsed large files; null for none.
        stdin: Standard input.
        progress: Told how far reading has come.

    Raises:
        EvidenceError: If the files cannot be read or hold no configuration.
        FactError: If the version or a rule is none.
    """
    given = Version.parse(server_version) if server_version else None
    rules = chosen(disabled)
    with Tables() as tables:
        coverage = read(paths, tables=tables, cache=cache, stdin=stdin, progress=progress)
        found = configuration(tables)
    if found is None:
        raise EvidenceError(
            "No configuration was found.",
            "Give manifests, command lines, audit policies or kubelet configurations (YAML, JSON or text).",
        )
    plane = _known(found, given)
    return Inspection(
        results=tuple(check(rules, found, plane)),
        rules=tuple(rules),
        plane=plane,
        coverage=coverage,
        remarks=tuple(_remarks(found, plane)),
    )


def _known(found: Configuration, given: Version | None) -> ControlPlane:
    """The control plane that the configuration tells, of several versions the oldest."""
    releases = [parsed(item.version) for item in found.releases if item.component == "kube-apiserver"]
    oldest = min(filter(None, releases), key=lambda version: version.key, default=None)
    observed = told(found, given or oldest).values
    values = {name: value for name, value in observed.items() if not (given and name == "version")}
    source = "flag" if given else "observed"
    return build(version=given or oldest, version_source=source, observed=values)


def _remarks(found: Configuration, plane: ControlPlane) -> Iterator[str]:
    """For each control plane of several servers: which they are, and where they differ."""
    for known, servers in members(found.of("kube-apiserver")).items():
        if len(servers) > 1:
            names = ", ".join(list(servers)[:SERVERS])
            more = f" and {len(servers) - SERVERS} more" if len(servers) > SERVERS else ""
            release = f" and release {known.release}" if known.release else ""
            yield f"Taken as one control plane, by folder{release}: {names}{more}."
            own = Configuration(processes=tuple(servers.values()))
            yield from told(own, parsed(known.release) or plane.version).conflicts


def chosen(disabled: Sequence[str]) -> list[Rule]:
    """All rules but the disabled ones.

    Raises:
        FactError: If one of them is not known.
    """
    known = {rule.id for rule in RULES}
    for name in disabled:
        if name not in known:
            raise FactError(f"{name[:60]!a} is not a rule.", "snowpit lint --list-rules lists them.")
    return [rule for rule in RULES if rule.id not in disabled]
