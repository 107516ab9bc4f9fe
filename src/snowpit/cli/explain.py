"""``snowpit explain``: the words behind the verdicts."""

import inspect
from types import ModuleType

import click
from click.shell_completion import CompletionItem

from snowpit.cli.output import write
from snowpit.diagnose.registry import DETECTORS
from snowpit.errors import FactError
from snowpit.knowledge.facts import Fact, load
from snowpit.knowledge.incidents import Incident, incidents
from snowpit.lint import RULES, Rule
from snowpit.observe import OBSERVATIONS
from snowpit.report.visible import visible


def _complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names that begin with what was typed."""
    names = (
        *map(detector_id, DETECTORS),
        *(item.name for item in OBSERVATIONS),
        *(rule.id for rule in RULES),
        *(fact.id for fact in load()),
        *(incident.id for incident in incidents()),
    )
    return [CompletionItem(name) for name in dict.fromkeys(names) if name.startswith(incomplete)]


@click.command("explain")
@click.argument("name", required=False, shell_complete=_complete)
def command(name: str | None) -> int:
    """Explain a detector, an observation, a lint rule, a fact or a published incident (K07); without NAME, list them all."""
    write(_all() if name is None else explained(name))
    return 0


def detector_id(module: ModuleType) -> str:
    """Id of a detector: its file's stem."""
    return module.__name__.rpartition(".")[2]


def explained(name: str) -> str:
    """The text on a name.

    Raises:
        FactError: If nothing has that name.
    """
    wanted = name.strip().replace("-", "_")
    rule = "".join(rule_text(rule) for rule in RULES if rule.id == wanted.replace("_", "-"))
    for module in DETECTORS:
        if detector_id(module) == wanted:
            text = inspect.cleandoc(module.__doc__ or "") + "\n" + _seen(wanted)
            return f"{text}\nLint rule of that name:\n\n{rule}" if rule else text
    if rule:
        return rule
    for item in OBSERVATIONS:
        if item.name == wanted:
            return f"{item.title} ({item.unit})\n\n{inspect.cleandoc(item.function.__doc__ or '')}\n"
    for fact in load():
        if fact.id == wanted:
            return fact_text(fact)
    for incident in incidents():
        if incident.id == wanted.upper():
            return incident_text(incident)
    raise FactError(f"Nothing is named {visible(name[:40])!r}.", "List all names with: snowpit explain")


def _seen(detector: str) -> str:
    """Published incidents that a detector's finding points to."""
    seen = [item for item in incidents() if detector in item.signature.cause]
    lines = "".join(f"    {item.id}: {item.title}\n" for item in seen)
    return f"\nPublished incidents:\n{lines}" if seen else ""


def rule_text(rule: Rule) -> str:
    """A lint rule in full."""
    parts = [("Why", (rule.why,)), ("What to change", (rule.remedy,)), ("Sources", rule.sources)]
    told = "".join(f"\n{head}:\n" + "".join(f"    {line}\n" for line in lines) for head, lines in parts)
    return f"{rule.id}: {rule.title} ({rule.severity})\n{told}"


def fact_text(fact: Fact) -> str:
    """A fact with all its values."""
    lines = [f"{fact.id}: {fact.title}", ""]
    for value in fact.values:
        lines.append(f"  {value.versions}: {value.value} {value.unit}".rstrip())
        lines.append(f"      {value.source} [{value.mark}]")
        lines += [f"      {value.note}"] if value.note else []
    return "\n".join(lines) + "\n"


def incident_text(incident: Incident) -> str:
    """A published incident in full."""
    signature = incident.signature
    parts = [
        ("Where", (f"{incident.where}, {incident.year}" if incident.year else incident.where,)),
        ("Kubernetes", (incident.kubernetes,)),
        ("Mechanism", (incident.mechanism,)),
        ("Trigger", (incident.trigger,)),
        ("What kept it going", (incident.sustaining or "Nothing: it ends with its trigger.",)),
        ("Findings that point to it", signature.cause or ("None: this was no overload.",)),
        ("Findings that may stand beside them", signature.beside),
        ("How it shows", signature.observations),
        ("Numbers", tuple(map(str, incident.figures))),
        ("What ended it, or would have", incident.fix),
        ("Lessons", incident.lessons),
        ("Sources", incident.sources),
    ]
    told = "".join(
        f"\n{head}:\n" + "".join(f"    {line}\n" for line in lines) for head, lines in parts if lines
    )
    return f"{incident.id}: {incident.title}\n{told}"


def _all() -> str:
    """All names with a phrase each."""
    lines = ["Detectors (one hypothesis each):"]
    lines += [f"  {detector_id(module):28} {_first(module.__doc__)}" for module in DETECTORS]
    lines += ["", "Observations (what is measured):"]
    lines += [f"  {item.name:28} {item.title}" for item in OBSERVATIONS]
    lines += ["", "Lint rules (asked by snowpit lint):"]
    lines += [f"  {rule.id:28} {rule.title}" for rule in RULES]
    lines += ["", "Facts (by version):"]
    lines += [f"  {fact.id:40} {fact.title}" for fact in load()]
    lines += ["", "Published incidents (K) and outages that were no overload (N):"]
    lines += [f"  {incident.id:8} {incident.title}" for incident in incidents()]
    return "\n".join(lines) + "\n"


def _first(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]
