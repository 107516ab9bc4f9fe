"""Published incidents that resemble the findings, for the page and for the machine's report."""

from typing import Any

from snowpit.knowledge.incidents import Incident, Likeness, similar
from snowpit.model.finding import Finding, Role, Verdict
from snowpit.report.case import Case
from snowpit.report.content import Bullets, Section

MOST = 3
"""More would be a list of the literature, not a hint."""


def seen(case: Case) -> tuple[Likeness, ...]:
    """The incidents that are most like this case, best match first."""
    found = _supported(case)
    words = " ".join(item.claim for item in found)
    victims = [item.id for item in found if item.role is Role.VICTIM]
    return similar([item.id for item in found], case.plane.version, victims=victims, words=words)[:MOST]


def sections(case: Case) -> list[Section]:
    """One line an incident; nothing where nothing is supported or nothing resembles it."""
    lines = tuple(_line(item, _supported(case)) for item in seen(case))
    return [Section("Seen before", (Bullets(lines),))] if lines else []


def document(case: Case) -> list[dict[str, Any]]:
    """The same for JSON."""
    return [
        {
            "id": item.incident.id,
            "title": item.incident.title,
            "where": item.incident.where,
            "year": item.incident.year,
            "cause": item.cause,
            "shared": list(item.shared),
            "client": item.client,
            "other_release": item.other_release,
            "fix": list(item.incident.fix),
            "sources": list(item.incident.sources),
        }
        for item in seen(case)
    ]


def _supported(case: Case) -> list[Finding]:
    return [item for item in case.diagnosis.findings if item.verdict is Verdict.SUPPORTED]


def _line(item: Likeness, found: list[Finding]) -> str:
    incident, names = item.incident, {finding.id: finding.title or finding.id for finding in found}
    shared = "; ".join(names[name] for name in item.shared)
    client = f"; the same client ({item.client})" if item.client else ""
    release = "; there on other releases than this one" if item.other_release else ""
    return (
        f"{incident.title} ({_place(incident)}). In common: {shared}{client}{release}. "
        f"What ended it there: {incident.fix[0]} [{incident.id}: {incident.sources[0]}]"
    )


def _place(incident: Incident) -> str:
    return f"{incident.where}, {incident.year}" if incident.year else incident.where
