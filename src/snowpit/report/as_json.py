"""The machine's report: versioned, complete, keys in a fixed order, ASCII only.

Instants are RFC 3339 texts (UTC), durations float seconds, shares 0 to 1.
Schema: ``report/schema/report-v1.json``.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import Any

from snowpit import __version__
from snowpit.model.evidence import FileCoverage, Pointer
from snowpit.model.finding import Finding
from snowpit.model.observation import RequestClass
from snowpit.model.window import Window, iso
from snowpit.report import seen_before
from snowpit.report.ascii_json import dumps
from snowpit.report.case import MEANINGS, Case

SCHEMA = "snowpit.report/v1"
INSTANTS = frozenset({"at", "peak_at", "start", "first", "last"})
"""Fields of integer microseconds since the epoch."""


def render(case: Case) -> str:
    """The report as JSON text."""
    return dumps(document(case))


def document(case: Case) -> dict[str, Any]:
    """The report as plain mappings, lists, texts and numbers."""
    diagnosis, code = case.diagnosis, case.exit_code
    return {
        "schema": SCHEMA,
        "snowpit": __version__,
        "answer": diagnosis.answer,
        "exit": {"code": code, "meaning": MEANINGS[code]},
        "judged": diagnosis.judged,
        "window": plain(case.observed.window),
        "remarks": list(case.remarks),
        "control_plane": {name: value._asdict() for name, value in sorted(case.plane.values.items())},
        "coverage": {
            "events": case.coverage.events,
            "kept": case.coverage.kept,
            "rejected": case.coverage.rejected,
            "files": [_file(file) for file in case.coverage.files],
        },
        "chain": [plain(link) for link in diagnosis.chain],
        "layers": [plain(layer) for layer in diagnosis.layers],
        "rivals": [plain(rival) for rival in diagnosis.rivals],
        "findings": [_finding(finding) for finding in diagnosis.findings],
        "seen_before": seen_before.document(case),
        "next_evidence": [plain(item) for item in diagnosis.fetch],
        "observations": {
            item.name: plain(getattr(case.observed, item.name))
            for item in fields(case.observed)
            if item.name != "window"
        },
    }


def _file(file: FileCoverage) -> dict[str, Any]:
    found: dict[str, Any] = plain(file)
    found["rejected_by_reason"] = dict(sorted(file.rejected.items()))
    found["rejected"] = sum(file.rejected.values())
    return found


def _finding(finding: Finding) -> dict[str, Any]:
    found: dict[str, Any] = plain(finding)
    found["numbers"] = {name: plain(value) for name, value in finding.numbers.items()}
    return found


def plain(value: object, name: str = "") -> Any:  # noqa: ANN401 - JSON has no narrower type
    """A record as JSON values: instants become texts, request classes mappings, non-finite numbers null."""
    if isinstance(value, bool) or value is None or isinstance(value, (str, StrEnum)):
        return str(value) if isinstance(value, StrEnum) else value
    if isinstance(value, int):
        return iso(value) if name in INSTANTS else value
    if isinstance(value, float):
        return round(value, 6) if abs(value) < float("inf") else None
    if isinstance(value, Window):
        return {"start": iso(value.start), "end": iso(value.end), "seconds": value.seconds}
    if isinstance(value, (RequestClass, Pointer)):
        return value._asdict() if isinstance(value, RequestClass) else _record(value)
    return _compound(value)


def _compound(value: object) -> Any:  # noqa: ANN401
    if is_dataclass(value):
        return _record(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {key: plain(item, key) for key, item in value._asdict().items()}
    if isinstance(value, (tuple, list, set, frozenset)):
        return [plain(item) for item in value]
    return str(value)


def _record(value: object) -> dict[str, Any]:
    return {item.name: plain(getattr(value, item.name), item.name) for item in fields(value)}  # type: ignore[arg-type]
