"""Violations of a configuration as text, as JSON and as SARIF 2.1.0.

Schema of the JSON: ``report/schema/lint-v1.json``.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from snowpit import __version__
from snowpit.lint import Result, Rule, Severity
from snowpit.model.evidence import FileCoverage, Pointer
from snowpit.report.ascii_json import dumps
from snowpit.report.visible import visible

SCHEMA = "snowpit.lint/v1"
SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def text(results: Sequence[Result], files: Sequence[FileCoverage], remarks: Sequence[str]) -> str:
    """Violations by rule, worst first: where, why it matters, and once what to do; then what was read."""
    by_rule: dict[tuple[Severity, str], list[Result]] = {}
    for result in results:
        by_rule.setdefault((result.severity, result.rule.id), []).append(result)
    parts = [_shown(found) for found in by_rule.values()]
    parts += [f"{visible(remark)}\n" for remark in remarks]
    counts = Counter(result.severity for result in results)
    found = ", ".join(_plural(counts[severity], severity.value) for severity in Severity)
    used = sum(1 for file in files if file.rows.get("settings"))
    settings = sum(file.rows.get("settings", 0) for file in files)
    parts.append(
        f"{found}; {_plural(settings, 'setting')} in {used} of {_plural(len(files), 'file')} read.\n"
    )
    parts += [f"{visible(file.path)}: {_unread(file)}\n" for file in files if file.rejected]
    return "".join(parts)


def _shown(results: Sequence[Result]) -> str:
    """What breaks one rule."""
    rule = results[0].rule
    head = f"{results[0].severity} [{rule.id}] wanted: {rule.title}\n"
    lines = [f"  {_place(result)}{visible(result.message)}\n" for result in results]
    return "".join([head, *lines, f"  why: {rule.why}\n", f"  do:  {rule.remedy}\n\n"])


def _place(result: Result) -> str:
    return f"{visible(str(result.pointer))}: " if result.pointer else ""


def _plural(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _unread(file: FileCoverage) -> str:
    reasons = ", ".join(f"{reason}: {lines}" for reason, lines in sorted(file.rejected.items()))
    return f"lines that could not be read ({reasons})"


def rules_text(rules: Sequence[Rule]) -> str:
    """All rules, one line each."""
    width = max(len(rule.id) for rule in rules)
    return "".join(f"{rule.id:{width}}  {rule.severity:7}  {rule.title}\n" for rule in rules)


def document(
    results: Sequence[Result],
    rules: Sequence[Rule],
    files: Sequence[FileCoverage],
    *,
    version: str | None,
    remarks: Sequence[str],
) -> str:
    """Violations as JSON."""
    counts = Counter(result.severity for result in results)
    return dumps(
        {
            "schema": SCHEMA,
            "snowpit": __version__,
            "server_version": version,
            "counts": {severity.value: counts[severity] for severity in Severity},
            "violations": [_violation(result) for result in results],
            "remarks": list(remarks),
            "rules": [_rule(rule) for rule in rules],
            "files": [_file(file) for file in files],
        }
    )


def _violation(result: Result) -> dict[str, Any]:
    place = result.pointer
    return {
        "rule": result.rule.id,
        "severity": result.severity.value,
        "message": result.message,
        "path": place.path if place else None,
        "line": place.line if place else None,
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "title": rule.title,
        "severity": rule.severity.value,
        "why": rule.why,
        "remedy": rule.remedy,
        "sources": list(rule.sources),
    }


def _file(file: FileCoverage) -> dict[str, Any]:
    return {
        "path": file.path,
        "kind": file.kind,
        "lines": file.lines,
        "settings": file.rows.get("settings", 0),
        "rejected": sum(file.rejected.values()),
        "versions": list(file.versions),
        "notes": list(file.notes),
    }


def sarif(results: Sequence[Result], rules: Sequence[Rule]) -> str:
    """Violations as SARIF 2.1.0, for code hosts and editors."""
    index = {rule.id: number for number, rule in enumerate(rules)}
    driver = {
        "name": "snowpit",
        "version": __version__,
        "informationUri": "https://pypi.org/project/snowpit/",
        "rules": [_sarif_rule(rule) for rule in rules],
    }
    found = [_sarif_result(result, index[result.rule.id]) for result in results]
    return dumps(
        {
            "$schema": SARIF_SCHEMA,
            "version": "2.1.0",
            "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": found}],
        }
    )


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    sources = "; ".join(rule.sources)
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.remedy} Sources: {sources}."},
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _sarif_result(result: Result, index: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ruleId": result.rule.id,
        "ruleIndex": index,
        "level": result.severity.value,
        "message": {"text": visible(result.message)},
    }
    if result.pointer:
        found["locations"] = [_location(result.pointer)]
    return found


def _location(pointer: Pointer) -> dict[str, Any]:
    uri = quote(pointer.path.encode("utf-8", "surrogateescape"))
    place: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if pointer.line > 0:
        place["region"] = {"startLine": pointer.line}
    return {"physicalLocation": place}
