"""Which kinds of evidence there are, and on which of them a statement rests."""

from collections.abc import Iterable
from dataclasses import replace

from snowpit.model.finding import Finding, Statement, Verdict
from snowpit.model.observation import Observed
from snowpit.model.request import ACCESS_LOG

METRICS, LOG, CONFIGURATION = "metrics", "log", "configuration"
AUDIT, ACCESS, VERSION = "audit log", ACCESS_LOG, "version"

BESIDE = {"metrics": METRICS, "logs": LOG, "configuration": CONFIGURATION}
"""Observations that rest on other evidence than requests, by the first part of their name."""


WANTED = "an audit log of that time (snowpit policy), or the API server's log at -v=3 with its access lines"


def present(observed: Observed) -> frozenset[str]:
    """Kinds of evidence that the observations rest on."""
    found = {source for name, source in BESIDE.items() if getattr(observed, name, None) is not None}
    if observed.traffic.attempts:
        found.add(requests_from(observed))
    return frozenset(found)


def requests_from(observed: Observed) -> str:
    """Where the requests come from: lines of access logs if no audit event is among them, else the audit log."""
    stages = {stage for stage, number in observed.policy.stages.items() if number}
    return ACCESS if stages == {ACCESS_LOG} else AUDIT


def source_of(observation: str, observed: Observed) -> str:
    """The kind of evidence that an observation rests on.

    Args:
        observation: Its name, such as ``seats`` or ``metrics.etcd``.
        observed: All observations.
    """
    first = observation.partition(".")[0]
    if first in ("hints", VERSION):
        return VERSION
    return BESIDE.get(first) or requests_from(observed)


def sourced(finding: Finding, observed: Observed) -> Finding:
    """The finding with the source of each of its statements filled in."""
    return replace(
        finding,
        evidence_for=_filled(finding.evidence_for, observed),
        evidence_against=_filled(finding.evidence_against, observed),
    )


def _filled(statements: Iterable[Statement], observed: Observed) -> tuple[Statement, ...]:
    return tuple(
        item if item.source else replace(item, source=source_of(item.observation, observed))
        for item in statements
    )


def unseen(finding: Finding, observed: Observed) -> Finding:
    """The finding, left open instead of refuted where it denies for want of requests alone.

    A statement against it from metrics, logs, configuration or the version still refutes it.
    """
    told = any(
        source_of(item.observation, observed) not in (AUDIT, ACCESS) for item in finding.evidence_against
    )
    if observed.traffic.attempts or finding.verdict is not Verdict.REFUTED or told:
        return finding
    return replace(
        finding,
        verdict=Verdict.UNDECIDED,
        claim="This evidence holds no requests, so it can neither be shown nor denied.",
        undecided_by=finding.undecided_by or (WANTED,),
    )
