"""Writes the reference pages and refreshes the examples of all pages: ``make docs``.

Reference pages say what the program says of itself: help texts, docstrings,
facts, columns. A test compares them with what this script would write.
"""

import inspect
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from types import ModuleType
from typing import get_type_hints

import click

sys.path.insert(0, str(Path(__file__).parent))

import examples
import metric_names
import report_schema

from snowpit.cli import COMMANDS, main
from snowpit.diagnose.registry import DETECTORS
from snowpit.forecast.cases import compare
from snowpit.knowledge.cases import cases
from snowpit.knowledge.facts import Fact, load
from snowpit.knowledge.incidents import Incident, incidents
from snowpit.knowledge.log_lines import LineRule, line_rules
from snowpit.knowledge.remedies import remedies
from snowpit.lint import RULES, Example, Rule
from snowpit.model import observation
from snowpit.model.finding import Remedy
from snowpit.model.log_line import KINDS
from snowpit.model.request import DERIVED, STORED, Column
from snowpit.observe import OBSERVATIONS, Observation
from snowpit.report import markdown
from snowpit.report.cases import page as cases_page

DOCS = Path(__file__).parent
ROOT = DOCS.parent
SCHEMA = ROOT / "src/snowpit/report/schema/report-v1.json"
WIDTH = 100
BY_HAND = "<!-- Written by docs/generate.py: change what it is made from, then `make docs`. -->\n\n"


def pages() -> dict[Path, str]:
    """Every generated file with its content."""
    reference = DOCS / "reference"
    found = {
        reference / "commands.md": commands(),
        reference / "columns.md": columns(),
        reference / "facts.md": facts(),
        reference / "log-lines.md": log_lines(),
        reference / "incidents.md": incident_list(),
        reference / "cases.md": case_list(),
        reference / "observations.md": observations(),
        reference / "metrics.md": BY_HAND + metric_names.page(),
        reference / "detectors" / "index.md": detector_list(),
        SCHEMA: json.dumps(report_schema.schema(), indent=1) + "\n",
    }
    found |= {reference / "detectors" / f"{stem(module)}.md": detector(module) for module in DETECTORS}
    found |= {reference / "lint" / f"{rule.id}.md": lint_rule(rule) for rule in RULES}
    found[reference / "lint" / "index.md"] = lint_list()
    return found


def commands() -> str:
    """Help of every command, as the program prints it."""
    top = click.Context(main, info_name="snowpit", terminal_width=WIDTH)
    parts = [f"# Commands\n\n{_fenced(main.get_help(top))}"]
    for name in COMMANDS:
        command = main.get_command(top, name)
        if command is not None:
            context = click.Context(command, info_name=name, parent=top, terminal_width=WIDTH)
            parts.append(f"## snowpit {name}\n\n{_fenced(command.get_help(context))}")
            parts += _inner(command, context)
    return BY_HAND + "\n\n".join(parts) + "\n"


def _inner(command: click.Command, context: click.Context) -> list[str]:
    """Help of the commands of a group."""
    if not isinstance(command, click.Group):
        return []
    return [
        f"### snowpit {context.info_name} {name}\n\n"
        + _fenced(inner.get_help(click.Context(inner, info_name=name, parent=context, terminal_width=WIDTH)))
        for name, inner in sorted(command.commands.items())
    ]


def _fenced(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```"


def columns() -> str:
    """The request table."""
    head = (
        "# Columns of the request table\n\nOne row is one attempt at one request. Instants are integer microseconds since the"
        " epoch (UTC), parts of the server's time integer microseconds; what the evidence does not carry is null.\n"
        "`snowpit sql --schema` prints the same; `snowpit top --by`, `--where` and `snowpit sql` take these names.\n"
    )
    return BY_HAND + head + _columns("Stored", STORED) + _columns("Derived", DERIVED)


def _columns(title: str, items: Sequence[Column]) -> str:
    rows = "".join(f"| `{item.name}` | {item.sql_type} | {item.unit} | {item.meaning} |\n" for item in items)
    return f"\n## {title}\n\n| column | type | unit or domain | meaning |\n|---|---|---|---|\n{rows}"


def facts() -> str:
    """All facts with versions and sources."""
    head = (
        "# Facts about Kubernetes\n\n`verified`: read in the source or thread named. `derived`: arithmetic on such."
        " `recalled`: not checked. A value of -1 is no limit. `snowpit facts --version 1.12.4` prints those of one version.\n"
    )
    return BY_HAND + head + "".join(map(_fact, load()))


def _fact(fact: Fact) -> str:
    rows = "".join(
        f"| {value.versions} | {_cell(f'{value.value} {value.unit}')} | {_cell(value.source)} | {value.mark} | {_cell(value.note)} |\n"
        for value in fact.values
    )
    table = "| versions | value | source | mark | note |\n|---|---|---|---|---|\n"
    return f"\n## {fact.id}\n\n{fact.title}\n\n{table}{rows}"


def _cell(text: str) -> str:
    return text.strip().replace("|", "\\|")


def case_list() -> str:
    """Published figures with what closed forms and facts predict of them."""
    head = (
        "# Published cases with numbers\n\nFigures of overloaded clusters as public threads report them, and what snowpit predicts:"
        " `snowpit cases`. Here are closed forms and facts; what takes a simulation stands as left out, and the command computes it"
        " (its figures are in [Overload that sustains itself](../explanation/metastability.md)).\n"
    )
    return BY_HAND + head + markdown.render(cases_page(compare(cases(), quick=True))).partition("\n")[2]


def incident_list() -> str:
    """All published incidents."""
    head = (
        "# Published incidents\n\nWhat others have been through, as data: the report names those that resemble its findings"
        " (`Seen before`), `snowpit explain K07` prints one. Numbers are those of the accounts. K: overloads of an API server."
        " N: outages in which the API server was not overloaded; nothing may point to them.\n\n"
        "| id | what happened | findings that point to it | feeds itself |\n|---|---|---|---|\n"
    )
    rows = "".join(
        f"| [{item.id}](#{item.id.lower()}) | {_cell(item.title)} | {', '.join(item.signature.cause)} | {item.self_sustaining} |\n"
        for item in incidents()
    )
    return BY_HAND + head + rows + "".join(map(_incident, incidents()))


def _incident(item: Incident) -> str:
    where = f"{item.where}, {item.year}" if item.year else item.where
    parts = {
        "Mechanism": (item.mechanism,),
        "Trigger": (item.trigger,),
        "What kept it going": (item.sustaining,) if item.sustaining else (),
        "How it shows": item.signature.observations,
        "May stand beside it": (", ".join(item.signature.beside),),
        "Numbers": tuple(map(str, item.figures)),
        "What ended it, or would have": item.fix,
        "Lessons": item.lessons,
        "Sources": tuple(f"<{source}>" for source in item.sources),
    }
    lines = "".join(
        f"- {name}: {' '.join(texts)}\n" if len(texts) == 1 else _nested(name, texts)
        for name, texts in parts.items()
        if texts
    )
    return f"\n## {item.id}\n\n{item.title}. Where: {where}. Kubernetes: {item.kubernetes}.\n\n{lines}"


def _nested(name: str, texts: Sequence[str]) -> str:
    return f"- {name}:\n" + "".join(f"    - {text}\n" for text in texts)


def log_lines() -> str:
    """The catalogue of lines of component logs, by kind."""
    opening = (
        "# Lines of component logs\n\nMessages that become rows of the table `log_lines`, by their kind. Of text, lines of severity"
        " W, E and F are looked at, and those of severity I marked *any*. The first rule that fits names a line."
    )
    parts = [opening]
    for kind, meaning in KINDS.items():
        rules = [rule for rule in line_rules() if rule.kind == kind]
        head = "| what | holds | severity | written by | releases | source |\n|---|---|---|---|---|---|"
        rows = "\n".join(_log_line(rule) for rule in rules)
        parts.append(f"## {kind}\n\n{meaning[0].upper()}{meaning[1:]}.\n\n{head}\n{rows}")
    return BY_HAND + "\n\n".join(parts) + "\n"


def _log_line(rule: LineRule) -> str:
    severity = "any" if rule.begins else "W, E, F"
    needs = rule.needs.strip().replace("|", "\\|")
    return f"| {rule.id} | `{needs}` | {severity} | {rule.component} | {rule.versions} | {rule.source} |"


def observations() -> str:
    """Every observation with the fields of its record."""
    head = (
        "# Observations\n\nWhat is measured, once, for all detectors. An observation states, it does not accuse. Durations are"
        " float seconds, rates per second, shares 0 to 1. The JSON report prints all of them under `observations`.\n"
    )
    parts = [head, *map(_observation, OBSERVATIONS), "\n# Records\n"]
    parts += [_record(kind) for kind in _records()]
    return BY_HAND + "".join(parts)


def _observation(item: Observation) -> str:
    unit = f" Unit: {item.unit}." if item.unit else ""
    kind = get_type_hints(item.function)["return"]
    shown = (
        kind.__name__
        if inspect.isclass(kind) and is_dataclass(kind)
        else str(kind).replace("snowpit.model.observation.", "")
    )
    doc = (inspect.getdoc(item.function) or "").partition("\nArgs:")[0].strip()
    return f"\n## {item.name}\n\n{item.title}.{unit}\n\n{doc}\n\nRecord: `{shown}`\n"


def _records() -> Iterator[type]:
    for name in observation.__all__:
        kind = getattr(observation, name)
        if is_dataclass(kind):
            yield kind


def _record(kind: type) -> str:
    """First sentence and fields of a record, from its docstring."""
    head, _, arguments = (inspect.getdoc(kind) or "").partition("\nArgs:")
    rows = [f"- `{name}`: {text}" for name, text in arguments_of(arguments).items()]
    return f"\n## {kind.__name__}\n\n{head.strip()}\n\n" + "\n".join(rows) + "\n"


def arguments_of(text: str) -> Mapping[str, str]:
    """Names and meanings in an ``Args:`` block, continuation lines joined."""
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith("    ") and not line.startswith("     "):
            name, _, meaning = line.strip().partition(": ")
            found[name] = meaning
        elif name and line.strip():
            found[name] += " " + line.strip()
    return found


def stem(module: ModuleType) -> str:
    """Id of a detector: its file's stem."""
    return module.__name__.rpartition(".")[2]


def detector_list() -> str:
    """All detectors, one line each."""
    rows = "".join(f"- [{stem(module)}]({stem(module)}.md): {_title(module)}\n" for module in DETECTORS)
    return (
        f"{BY_HAND}# Detectors\n\nOne detector is one hypothesis, with what speaks for it and against it. `snowpit explain NAME`"
        f" prints the same words.\n\n{rows}"
    )


def _title(module: ModuleType) -> str:
    return (module.__doc__ or "").strip().partition("\n")[0]


def detector(module: ModuleType) -> str:
    """A detector's docstring as a page, with its remedies by version."""
    lines = [f"# {stem(module)}", ""]
    for line in inspect.cleandoc(module.__doc__ or "").splitlines():
        heading = line[:-1] if line.endswith(":") and not line.startswith(" ") else ""
        lines.append(f"## {heading}\n" if heading else line.strip())
    found = remedies(stem(module), None)
    lines += ["", "## Remedies by version", "", *_remedies(found)] if found else []
    seen = [item for item in incidents() if stem(module) in item.signature.cause]
    lines += ["", "## Published incidents", "", *map(_seen, seen)] if seen else []
    return BY_HAND + "\n".join(lines) + "\n"


def _seen(item: Incident) -> str:
    return f"- [{item.id}](../incidents.md#{item.id.lower()}): {item.title}"


def _remedies(found: Sequence[Remedy]) -> Iterator[str]:
    for number, item in enumerate(found, start=1):
        caution = f" Caution: {item.caution}" if item.caution else ""
        yield f"{number}. [{item.when}] {item.text}{caution} ({item.source})"


def lint_list() -> str:
    """All rules of ``snowpit lint``, one line each."""
    rows = "".join(f"| [{rule.id}]({rule.id}.md) | {rule.severity} | {rule.title} |\n" for rule in RULES)
    return (
        f"{BY_HAND}# Rules\n\nWhat `snowpit lint` asks of a configuration. The command is described in"
        " [Lint a configuration](../../how-to/lint.md).\n\n| rule | severity | asks for |\n|---|---|---|\n"
        + rows
    )


def lint_rule(rule: Rule) -> str:
    """A rule with its reason, its remedy and its examples."""
    sources = "".join(f"- {source}\n" for source in rule.sources)
    parts = [
        f"# {rule.id}",
        f"{rule.title}. Severity: {rule.severity}.",
        rule.why,
        f"## Remedy\n\n{rule.remedy}",
    ]
    parts += [f"## Breaks the rule\n\n{_example(example)}" for example in rule.bad[:1]]
    parts += [f"## Keeps the rule\n\n{_example(example)}" for example in rule.good[:1]]
    return BY_HAND + "\n\n".join(parts) + f"\n\n## Sources\n\n{sources}"


EXAMPLE_LINES = 30


def _example(example: Example) -> str:
    """A file as a block, cut where it is long; the version of the server where the rule needs it."""
    lines = example.text.rstrip("\n").split("\n")
    shown = lines[:EXAMPLE_LINES] + ["# ... and so on"] * (len(lines) > EXAMPLE_LINES)
    told = f"With a server of {example.version}:\n\n" if example.version else ""
    language = (
        "yaml" if example.file.endswith(".yaml") else "json" if example.file.endswith(".json") else "text"
    )
    return f"{told}```{language}\n" + "\n".join(shown) + "\n```"


def write() -> None:
    """Write every generated page, then refresh the examples."""
    made = pages()
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            print(path.relative_to(ROOT))
    for page in examples.written():
        if examples.refresh(page):
            print(page.relative_to(ROOT))


if __name__ == "__main__":
    write()
