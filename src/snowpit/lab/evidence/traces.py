"""Traces of slow requests in the component log: what was done, and how long each step took.

A trace is written for a request that took longer than half a second in its handler; of its steps those that took more than their
share of that, or all from verbosity 4 on. Three forms: to 1.17 the path is part of the name; in 1.18 it is a field; from 1.19 on
times are in milliseconds. The fields from 1.22 and 1.25 and the steps from 1.25 are recalled, not read.
Source: kubernetes/apiserver pkg/util/trace 1.12, k8s.io/utils/trace as vendored by 1.19 and 1.25, pkg/endpoints/handlers
1.11 and 1.19; traces of 1.13.5 were recorded.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from snowpit.knowledge.version import Version
from snowpit.lab.clock import moment
from snowpit.lab.evidence.metrics.labels import METHODS, Shapes
from snowpit.lab.evidence.text import go, plain
from snowpit.lab.exchange import Exchange

THRESHOLD_S = 0.5
ALL_STEPS_V = 4
FAILED = 400
NAMES = {
    "get": "Get",
    "list": "List",
    "create": "Create",
    "update": "Update",
    "patch": "Patch",
    "delete": "Delete",
}
CONVERT = ("About to convert to expected version", "Conversion done")


class Steps(NamedTuple):
    """Steps of a verb.

    Args:
        before: Before the store is asked.
        done: When it has answered.
        after: Afterwards, if that went well.
        failed: In the place of ``done`` if it went wrong; empty for none.
    """

    before: tuple[str, ...]
    done: str
    after: tuple[str, ...] = ()
    failed: str = ""


class Traces:
    """Traces of one server.

    Args:
        version: Its version.
        verbosity: ``-v`` of its log.
        epoch: Instant at which the lab began, µs since the epoch.
    """

    def __init__(self, version: Version, verbosity: int, epoch: int) -> None:
        self._version, self._epoch = version, epoch
        self._all = verbosity >= ALL_STEPS_V
        self._shapes = Shapes(version)
        self._number = 0
        self.place = "trace.go:205" if version.at_least("1.19.0") else "trace.go:76"

    def of(self, exchange: Exchange, status: int, now: float) -> str:
        """The trace of a request; empty if it gets none.

        Args:
            exchange: The request.
            status: Status of its answer.
            now: When that was given, s on the lab's clock.
        """
        took = 0.0 if exchange.handling is None else now - exchange.handling
        if exchange.info.verb not in NAMES or took < THRESHOLD_S:
            return ""
        self._number += 1
        head = f"Trace[{1_000_000_000 + self._number}]:"
        begun = exchange.handling or 0.0
        steps = list(self._steps(exchange.info.verb, took, failed=status >= FAILED))
        lines = [f"{head} {self._title(exchange)} {self._total(begun, took)}:"]
        lines += [f"{head} {line}" for line in self._written(steps, begun)]
        rest = took if self._version.at_least("1.19.0") else took - (steps[-1][0] if steps else 0.0)
        return "\n".join([*lines, f"{head} [{go(took)}] [{go(rest)}] END"])

    def _title(self, exchange: Exchange) -> str:
        name, request = NAMES[exchange.info.verb], exchange.request
        if not self._version.at_least("1.18.0"):
            return f'"{name} {plain(request.path)}"'
        fields = {
            "url": request.path,
            "user-agent": request.headers.get("user-agent", ""),
            "client": request.source,
        }
        if self._version.at_least("1.22.0"):
            accept = request.headers.get("accept", "")
            fields |= {"audit-id": exchange.audit_id, "accept": accept, "protocol": "HTTP/1.1"}
        if self._version.at_least("1.25.0"):
            info = exchange.info
            verb = METHODS.get(info.verb, info.verb)
            fields |= {"resource": info.resource, "scope": self._shapes.scope(info), "verb": verb}
            fields = dict(sorted(fields.items()))
        return f'"{name}" ' + ",".join(f"{key}:{plain(value)}" for key, value in fields.items())

    def _total(self, begun: float, took: float) -> str:
        at = moment(self._epoch + round(begun * 1e6))
        if self._version.at_least("1.19.0"):
            return f"({at:%d-%b-%Y %H:%M:%S}.{at.microsecond // 1000:03d}) (total time: {int(took * 1e3)}ms)"
        return f"(started: {at:%Y-%m-%d %H:%M:%S.%f} +0000 UTC m=+{begun:.9f}) (total time: {go(took)})"

    def _steps(self, verb: str, took: float, *, failed: bool) -> Iterator[tuple[float, str]]:
        """When each step ended, s since the handler began, and what it was: all time goes to the store."""
        steps = _steps_of(verb, self._version)
        for text in steps.before:
            yield 0.0, text
        last = ((steps.failed,) if steps.failed else ()) if failed else (steps.done, *steps.after)
        for text in last:
            yield took, text

    def _written(self, steps: Sequence[tuple[float, str]], begun: float) -> Iterator[str]:
        least = 0.0 if self._all else THRESHOLD_S / (len(steps) + 1)
        last = 0.0
        for ended, text in steps:
            took, last = ended - last, ended
            if took < least:
                continue
            if self._version.at_least("1.19.0"):
                at = moment(self._epoch + round((begun + ended) * 1e6))
                yield f'---"{text}" {int(took * 1e3)}ms ({at:%H:%M:%S}.{at.microsecond // 1000:03d})'
            else:
                yield f"[{go(ended)}] [{go(took)}] {text}"


def _steps_of(verb: str, version: Version) -> Steps:
    linked = () if version.at_least("1.16.0") else ("Self-link added", "Writing response")
    match verb:
        case "get":
            return Steps(
                ("About to Get from storage",), "About to write a response", ("Transformed response object",)
            )
        case "list":
            return Steps(("About to List from storage",), "Listing from storage done")
        case "patch":
            before = ("Recorded the audit event", "About to apply patch", "About to check admission control")
            return Steps(before, "Object stored in database", linked)
        case "delete":
            return Steps(("About to delete object from database",), "Object deleted from database")
    if version.at_least("1.25.0"):
        return Steps(CONVERT, "Write to database call succeeded", failed="Write to database call failed")
    return Steps((*CONVERT, "About to store object in database"), "Object stored in database", linked)
