"""From predictions to a verdict: what detectors put on the scales, and how it is read.

A detector states what holds of its hypothesis (``supports``), what speaks
against it (``opposes``) and what the evidence cannot show (``misses``). Two
gates stand before any accusation: the accused must be *present* (hold the
seats or make the attempts) and the server must be *harmed*. Nothing that is
not visible is denied: then the verdict is undecided.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from snowpit.cluster.control_plane import ControlPlane
from snowpit.knowledge.remedies import remedies
from snowpit.model.evidence import Pointer
from snowpit.model.finding import Finding, Role, Statement, Verdict

Number: TypeAlias = float | int | str | None

DECISIVE = 1.0
"""One statement against a hypothesis with this weight or more refutes it alone."""

ENOUGH_WEIGHT = 1.5
"""Weight of supporting statements that makes a hypothesis as strong as its opposition allows."""

SUPPORTED_FROM = 0.5
"""Strength from which a hypothesis that passes both gates is supported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What does not change from case to case.

    Args:
        id: File stem of the detector.
        title: Heading.
        role: Place in the causal chain, unless the judge moves it.
        mistaken_for: Hypotheses it is easily mistaken for, with why this is not them.
        sources: Threads and files.
        explains: Ids of findings that follow from it.
        mechanism: How it does its harm, in one sentence; see :func:`conclude` for one that depends on the version.
    """

    id: str
    title: str
    role: Role
    mistaken_for: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    explains: tuple[str, ...] = ()
    mechanism: str = ""


@dataclass(slots=True)
class Scales:
    """Statements for and against one hypothesis, and the evidence that is missing."""

    evidence_for: list[Statement] = field(default_factory=list)
    evidence_against: list[Statement] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def supports(
        self, holds: bool, text: str, *, observation: str, weight: float, at: tuple[Pointer, ...] = ()  # noqa: FBT001
    ) -> None:  # fmt: skip
        """Put a statement on the side of the hypothesis, if it holds."""
        if holds:
            self.evidence_for.append(Statement(text, observation, min(1.0, weight), at))

    def opposes(
        self, holds: bool, text: str, *, observation: str, weight: float, at: tuple[Pointer, ...] = ()  # noqa: FBT001
    ) -> None:  # fmt: skip
        """Put a statement on the other side, if it holds; ``DECISIVE`` or more refutes alone."""
        if holds:
            self.evidence_against.append(Statement(text, observation, min(1.0, weight), at))

    def misses(self, absent: bool, text: str) -> None:  # noqa: FBT001
        """Note evidence that would decide, if it is absent."""
        if absent:
            self.missing.append(text)

    @property
    def strength(self) -> float:
        """Share of the weight that supports, less where little weight is there at all; 0 to 1."""
        pro = sum(item.weight for item in self.evidence_for)
        contra = sum(item.weight for item in self.evidence_against)
        if not pro:
            return 0.0
        return round(pro / (pro + contra) * min(1.0, pro / ENOUGH_WEIGHT), 3)

    @property
    def refuted(self) -> bool:
        """Whether one statement decides against it."""
        return any(item.weight >= DECISIVE for item in self.evidence_against)


def conclude(
    profile: Profile,
    plane: ControlPlane,
    *,
    scales: Scales,
    present: bool,
    harmful: bool,
    visible: bool,
    claim: str,
    denial: str,
    numbers: Mapping[str, Number] | None = None,
    impact: float = 0.0,
    would_change: str = "",
    mechanism: str = "",
) -> Finding:
    """Read the scales.

    Args:
        profile: What is always so of this hypothesis.
        plane: The server; its version selects the remedies.
        scales: What was put on them.
        present: The accused holds the seats, or makes the attempts.
        harmful: The server suffers.
        visible: The evidence could show it; if not, nothing is denied.
        claim: One sentence with the names and numbers of this case.
        denial: The same for a refuted hypothesis.
        numbers: Every figure used, by name.
        impact: Share of the server's trouble that it accounts for.
        would_change: What would change the verdict.
        mechanism: How it does its harm on this version; empty for what the profile says.
    """
    verdict = _verdict(scales, present=present, harmful=harmful, visible=visible)
    supported = verdict is Verdict.SUPPORTED
    return Finding(
        id=profile.id,
        verdict=verdict,
        role=profile.role,
        title=profile.title,
        claim=claim if supported else denial or claim,
        mechanism=(mechanism or profile.mechanism) if supported else "",
        numbers=dict(numbers or {}),
        evidence_for=_heaviest(scales.evidence_for),
        evidence_against=_heaviest(scales.evidence_against),
        undecided_by=() if verdict is Verdict.REFUTED else tuple(dict.fromkeys(scales.missing)),
        would_change=would_change,
        mistaken_for=profile.mistaken_for if supported else (),
        remedies=remedies(profile.id, plane.version) if supported else (),
        sources=profile.sources,
        strength=scales.strength if supported else 0.0,
        impact=round(min(1.0, max(0.0, impact)), 4) if supported else 0.0,
        explains=profile.explains,
    )


def _verdict(scales: Scales, *, present: bool, harmful: bool, visible: bool) -> Verdict:
    """Both gates, then the scales."""
    if not visible:
        return Verdict.UNDECIDED
    if not present or not harmful or scales.refuted:
        return Verdict.REFUTED
    if scales.strength >= SUPPORTED_FROM:
        return Verdict.SUPPORTED
    return Verdict.UNDECIDED if scales.missing else Verdict.REFUTED


def _heaviest(statements: list[Statement]) -> tuple[Statement, ...]:
    """Heaviest first; of equal weight, as they came."""
    return tuple(sorted(statements, key=lambda item: -item.weight))


def near(value: float | None, target: float | None, *, within: float) -> bool:
    """Whether a value lies within a share of its target; false if either is null.

    >>> near(51.0, 50.0, within=0.05), near(None, 50.0, within=0.05)
    (True, False)
    """
    return value is not None and target is not None and abs(value - target) <= within * abs(target)
