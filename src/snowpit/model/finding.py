"""What a detector says: a claim, its verdict, and what speaks for and against it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from snowpit.model.evidence import Pointer


class Verdict(StrEnum):
    """Missing evidence is not "no"."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


class Role(StrEnum):
    """Place of a finding in the causal chain."""

    CAUSE = "cause"
    SUSTAINS = "sustains"
    SYMPTOM = "symptom"
    VICTIM = "victim"


SOURCES = ("log", "access log", "metrics", "audit log", "configuration", "version")
"""Kinds of evidence that a statement can rest on, in the order in which an operator reaches for them."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One piece of evidence, for or against.

    Args:
        text: A full sentence with its numbers.
        observation: Name of the observation it rests on.
        weight: From 0 (circumstantial) to 1 (decides alone).
        pointers: Sample events that show it.
        source: Kind of evidence that it rests on, one of :data:`SOURCES`; empty until the diagnosis names it.
    """

    text: str
    observation: str
    weight: float = 0.5
    pointers: tuple[Pointer, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing to do, best first.

    Args:
        id: Short stable name.
        text: What to do, concretely.
        when: ``now`` (ends the incident), ``soon`` or ``for good``.
        caution: What it may break; empty if nothing.
        source: Where that is known from.
    """

    id: str
    text: str
    when: str = "now"
    caution: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The answer of one detector to one hypothesis.

    Args:
        id: File stem of the detector.
        verdict: Supported, refuted or undecided.
        role: Its place in the causal chain; the judge may move it.
        title: A few words for a heading.
        claim: One sentence, with the names and numbers of this case.
        mechanism: One sentence: how what is claimed does the harm; empty to let the claim stand for it.
        numbers: Every figure that the claim and the evidence use, by name.
        evidence_for: Statements that support the claim.
        evidence_against: Statements that speak against it.
        undecided_by: Evidence that would decide, for an undecided verdict or a missing link.
        would_change: What observation would change the verdict.
        mistaken_for: Hypotheses it is easily mistaken for, with why this is not them.
        remedies: Best first, for this server's version.
        sources: Threads, files and papers.
        strength: From 0 to 1: how much of what the hypothesis predicts was seen.
        impact: Share (0 to 1) of the server's trouble that it accounts for, for ranking.
        explains: Ids of findings that follow from this one.
    """

    id: str
    verdict: Verdict
    role: Role
    title: str
    claim: str
    mechanism: str = ""
    numbers: Mapping[str, float | int | str | None] = field(default_factory=dict)
    evidence_for: tuple[Statement, ...] = ()
    evidence_against: tuple[Statement, ...] = ()
    undecided_by: tuple[str, ...] = ()
    would_change: str = ""
    mistaken_for: tuple[str, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    sources: tuple[str, ...] = ()
    strength: float = 0.0
    impact: float = 0.0
    explains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """One arrow of the causal chain.

    Args:
        stage: ``trigger``, ``mechanism``, ``loop``, ``symptom`` or ``victims``.
        text: One sentence.
        finding: Id of the finding that it rests on, empty if none.
        known: False where the evidence does not show it and it is inferred from the mechanism.
    """

    stage: str
    text: str
    finding: str = ""
    known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What one kind of evidence showed of the cause that was found.

    Args:
        source: One of :data:`SOURCES`.
        showed: One sentence, with its numbers.
        concludes: What that rules in, and what it cannot tell.
        misleads: Why this source, taken alone, leads astray here; empty if it does not.
        pointers: Places that show it.
    """

    source: str
    showed: str
    concludes: str
    misleads: str = ""
    pointers: tuple[Pointer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """Another explanation of the same trouble.

    Args:
        name: The explanation in a few words.
        excluded: True if this evidence rules it out, false if it only cannot show it.
        why: Why it fails on this evidence, or what is missing.
        source: Kind of evidence that says so; empty if none does.
        finding: Id of the finding that tests it; empty if none does.
    """

    name: str
    excluded: bool
    why: str
    source: str = ""
    finding: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """Evidence worth fetching next.

    Args:
        id: Short stable name.
        what: What to fetch, in one sentence.
        commands: What to type, line by line.
        decides: Findings that it would decide, most plausible first.
        gain: Sum over those of plausibility times how far it decides them; more is better.
        caution: What it costs or may leak; empty if nothing.
        source: Where that is known from.
    """

    id: str
    what: str
    commands: tuple[str, ...]
    decides: tuple[str, ...]
    gain: float
    caution: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the judge makes of all findings.

    Args:
        answer: Two or three sentences for an operator in trouble.
        findings: Ordered by rank: supported first, causes before symptoms.
        chain: Trigger, mechanism, sustaining loop, symptom, victims.
        judged: False if the evidence was too thin to judge at all.
        layers: What each kind of evidence showed of the first cause, in the order of an investigation.
        rivals: Other explanations of it, and why they fail here.
        fetch: Evidence to fetch next, most informative first.
    """

    answer: str
    findings: tuple[Finding, ...]
    chain: tuple[Link, ...]
    judged: bool = True
    layers: tuple[Layer, ...] = ()
    rivals: tuple[Rival, ...] = ()
    fetch: tuple[Fetch, ...] = ()
