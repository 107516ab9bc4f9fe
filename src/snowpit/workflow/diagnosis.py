"""From evidence to a case: read, narrow, observe, know the server, judge."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from snowpit.cluster import ControlPlane, build
from snowpit.cluster.observed import told
from snowpit.diagnose import diagnose
from snowpit.errors import FactError
from snowpit.knowledge.version import Version
from snowpit.model.evidence import Coverage
from snowpit.model.observation import Observed
from snowpit.observe import observe
from snowpit.report.case import Case
from snowpit.workflow.evidence import Evidence, Source, opened
from snowpit.workflow.recall import keep, place, recalled


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of the evidence.

    Args:
        source: The evidence.
        server_version: As the user gives it; empty to take what the evidence tells.
        limits: In-flight limits by kind (``mutating``, ``readonly``).
    """

    source: Source
    server_version: str = ""
    limits: Mapping[str, int] = field(default_factory=dict)


class Known(NamedTuple):
    """What evidence tells.

    Args:
        evidence: The opened evidence.
        observed: What was measured.
        plane: Parameters of the API servers.
        conflicts: Where servers contradict each other.
    """

    evidence: Evidence
    observed: Observed
    plane: ControlPlane
    conflicts: tuple[str, ...]


def run(question: Question) -> Case:
    """Answer a question.

    Raises:
        EvidenceError: If the evidence cannot be read.
        QueryError: If the window or the filter does not hold.
        FactError: If the version or a limit is none.
    """
    with known(question) as (evidence, observed, plane, conflicts):
        return Case(
            diagnosis=diagnose(observed, plane),
            coverage=evidence.coverage,
            observed=observed,
            plane=plane,
            remarks=(*evidence.remarks, *conflicts),
        )


@contextmanager
def known(question: Question) -> Iterator[Known]:
    """What evidence tells, before anybody judges it; the evidence stays open.

    Raises:
        EvidenceError: If the evidence cannot be read.
        QueryError: If the window or the filter does not hold.
        FactError: If the version or a limit is none.
    """
    given = Version.parse(question.server_version) if question.server_version else None
    build(version=given, version_source="flag", limits=question.limits)
    with opened(question.source) as evidence:
        version = given or _told(evidence.coverage)
        observed = _observed(question.source, evidence, version)
        version = version or _parsed(observed.hints.server_version)
        configured = told(observed.configuration, version)
        plane = build(
            version=version,
            version_source="flag" if given else "observed",
            limits=question.limits,
            observed={
                name: value for name, value in configured.values.items() if not (given and name == "version")
            },
        )
        yield Known(evidence, observed, plane, configured.conflicts)


def _observed(source: Source, evidence: Evidence, told: Version | None) -> Observed:
    """What is observed: as kept from the same question before, else measured."""
    question = (source.since, source.until, source.where, str(told))
    kept = None if source.remotes else place(source.paths, source.cache, question)
    found = recalled(kept)
    if found is None:
        found = observe(
            evidence.tables,
            stages=_stages(evidence.coverage),
            server_version=(told.major, told.minor, told.patch) if told else None,
        )
        keep(kept, found)
    return found


def _stages(coverage: Coverage) -> dict[str, int]:
    """Events by stage over all files."""
    total: Counter[str] = Counter()
    for file in coverage.files:
        total.update(file.stages)
    return dict(sorted(total.items()))


def _told(coverage: Coverage) -> Version | None:
    """The oldest version that the events tell: of a control plane being upgraded, the more fragile server."""
    found = [_parsed(text) for file in coverage.files for text in file.versions]
    return min((version for version in found if version), key=lambda version: version.key, default=None)


def _parsed(text: str | None) -> Version | None:
    """A version from evidence, which may hold anything."""
    try:
        return Version.parse(text) if text else None
    except FactError:
        return None
