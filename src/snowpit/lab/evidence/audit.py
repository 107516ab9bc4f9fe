"""Audit events as lines of JSON, in a log that is rotated by size.

Source: kubernetes/apiserver pkg/apis/audit/{v1,v1beta1}/types.go, pkg/endpoints/filters/audit.go and
plugin/pkg/audit/log 1.12.0 to 1.28.0; names of rotated files: lumberjack 2.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from snowpit.knowledge.version import Version
from snowpit.lab.clock import Clock, moment
from snowpit.lab.evidence.policy import Level, Policy
from snowpit.lab.evidence.webhook import Webhook
from snowpit.lab.exchange import Exchange, User
from snowpit.lab.wire import Response

MEGABYTE = 1 << 20
HELD, BUFFER = 1 << 16, 1 << 23
"""Bytes after which lines are handed over to the system; bytes that the buffer takes, a longest line included."""
RECEIVED, STARTED, COMPLETE = "RequestReceived", "ResponseStarted", "ResponseComplete"
REASONS = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    429: "TooManyRequests",
    504: "Timeout",
}
SUCCESS = 400
TYPE = ("kind", "apiVersion")
"""What the events inside a list go without."""

_ENCODER = msgspec.json.Encoder()


def _opened(path: Path) -> BinaryIO:
    """A file whose buffer is never full before it is handed over, so that a killed process leaves whole lines."""
    return path.open("ab", buffering=BUFFER)


class RotatedLog:
    """A file that is renamed when it is full, as lumberjack does it.

    Args:
        path: The file.
        clock: Its instant becomes part of the names of full files.
        size: Bytes at which it is renamed.
        kept: Full files that are kept; 0 for all.
    """

    def __init__(self, path: Path, clock: Clock, *, size: int = 100 * MEGABYTE, kept: int = 0) -> None:
        self._path, self._clock, self._limit, self._kept = path, clock, size, kept
        self._file = _opened(path)
        self._size = path.stat().st_size
        self._held = 0

    def write(self, line: bytes) -> None:
        """Append a line, its end included; a server that has been stopped writes no more."""
        if self._file.closed:
            return
        if self._size and self._size + len(line) > self._limit:
            self._rotate()
        self._file.write(line)
        self._size += len(line)
        self._held += len(line)
        if self._held >= HELD:
            self.flush()

    def flush(self) -> None:
        """Hand over to the system what is buffered."""
        self._file.flush()
        self._held = 0

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _rotate(self) -> None:
        self._file.close()
        stamp = self._clock.moment().strftime("%Y-%m-%dT%H-%M-%S.%f")[:-3]
        self._path.rename(self._path.with_name(f"{self._path.stem}-{stamp}{self._path.suffix}"))
        if self._kept:
            full = sorted(self._path.parent.glob(f"{self._path.stem}-*{self._path.suffix}"))
            for old in full[: -self._kept]:
                old.unlink()
        self._file = _opened(self._path)
        self._size = 0


class Audit:
    """Writes the events of one server.

    Args:
        policy: Which, and how much.
        log: Where to.
        clock: The lab's clock.
        version: The server's version: 1.12 and before write v1beta1.
        webhook: What gets the events too; null for none.
    """

    def __init__(
        self,
        policy: Policy,
        log: RotatedLog,
        clock: Clock,
        version: Version,
        *,
        webhook: Webhook | None = None,
    ) -> None:
        self._policy, self._log, self._clock, self._webhook = policy, log, clock, webhook
        self._old = not version.at_least("1.13.0")
        self._annotated = version.at_least("1.24.0")
        self._judged: dict[str, tuple[Level, frozenset[str]]] = {}
        self.levels: Counter[str] = Counter()
        """Requests by level."""

        self.written = 0
        self.rejected = 0

    def began(self, exchange: Exchange, stage: str) -> None:
        """The stage RequestReceived or, of a watch, ResponseStarted."""
        level, omitted = self._judged.get(exchange.audit_id) or self._judge(exchange)
        self._judged[exchange.audit_id] = (level, omitted)
        if level and stage not in omitted:
            event = self._head(exchange, level, stage)
            if stage == STARTED:
                event["responseStatus"] = {"metadata": {}, "code": 200}
            self._write(event, exchange)

    def _judge(self, exchange: Exchange) -> tuple[Level, frozenset[str]]:
        level, omitted = self._policy.judge(exchange)
        self.levels[level.word] += 1
        return level, omitted

    def answered(self, exchange: Exchange, response: Response) -> None:
        """The stage ResponseComplete; of a failed authentication ResponseStarted, its only one."""
        failed = exchange.user is None and response.status == 401  # noqa: PLR2004 - unauthorized
        stage = STARTED if failed else COMPLETE
        known = self._judged.pop(exchange.audit_id) if exchange.audit_id in self._judged else None
        level, omitted = known or self._judge(exchange)
        if not level or stage in omitted:
            return
        event = self._head(exchange, level, stage)
        event["responseStatus"] = _status(exchange, response, failed=failed)
        if level >= Level.REQUEST and exchange.body is not None:
            event["requestObject"] = exchange.body
        if level >= Level.REQUEST_RESPONSE and exchange.answer is not None:
            event["responseObject"] = exchange.answer
        notes = self._annotations(exchange)
        if notes:
            event["annotations"] = notes
        self._write(event, exchange)

    def flush(self) -> None:
        """Hand over what is buffered."""
        self._log.flush()

    def close(self) -> None:
        """Close the log."""
        self._log.close()

    def _write(self, event: Mapping[str, Any], exchange: Exchange) -> None:
        self._log.write(_ENCODER.encode(event) + b"\n")
        self.written += 1
        if self._webhook is None:
            return
        sending = self._webhook.offer(_ENCODER.encode({key: event[key] for key in event if key not in TYPE}))
        if sending is not None:
            exchange.audits.append(sending)

    def _head(self, exchange: Exchange, level: Level, stage: str) -> dict[str, Any]:
        request, info = exchange.request, exchange.info
        received = _time(self._clock.epoch + round(exchange.stamped * 1e6))
        now = _time(self._clock.stamp())
        event: dict[str, Any] = {
            "kind": "Event",
            "apiVersion": f"audit.k8s.io/{'v1beta1' if self._old else 'v1'}",
        }
        if self._old:
            event["metadata"] = {"creationTimestamp": received[:-8] + "Z"}
        event |= {"level": level.word}
        if self._old:
            event["timestamp"] = received[:-8] + "Z"
        event |= {
            "auditID": exchange.audit_id,
            "stage": stage,
            "requestURI": request.target,
            "verb": info.verb,
        }
        event["user"] = _user(exchange.user) if exchange.user else {}
        if exchange.impersonated:
            event["impersonatedUser"] = _user(exchange.impersonated)
        event |= {"sourceIPs": [request.source], "userAgent": request.headers.get("user-agent", "")}
        if info.resource_request:
            event["objectRef"] = _object(exchange)
        return event | {"requestReceivedTimestamp": received, "stageTimestamp": now}

    def _annotations(self, exchange: Exchange) -> dict[str, str]:
        notes = dict(exchange.annotations)
        if exchange.decision:
            notes["authorization.k8s.io/decision"] = exchange.decision
            notes["authorization.k8s.io/reason"] = exchange.reason
        total = self._clock.now() - exchange.arrived
        if self._annotated and total > 0.5:  # noqa: PLR2004 - half a second
            notes["apiserver.latency.k8s.io/total"] = f"{total:.9f}".rstrip("0").rstrip(".") + "s"
            notes["apiserver.latency.k8s.io/etcd"] = f"{exchange.etcd:.9f}".rstrip("0").rstrip(".") + "s"
        return notes


def _time(stamp: int) -> str:
    """RFC 3339 with microseconds."""
    return moment(stamp).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _user(user: User) -> dict[str, Any]:
    found: dict[str, Any] = {"username": user.name, "uid": user.uid, "groups": list(user.groups)}
    if user.extra:
        found["extra"] = {key: list(values) for key, values in user.extra.items()}
    return {key: value for key, value in found.items() if value}


def _object(exchange: Exchange) -> dict[str, str]:
    info = exchange.info
    found = {
        "resource": info.resource,
        "namespace": info.namespace,
        "name": info.name,
        "apiGroup": info.group,
        "apiVersion": info.version,
        "subresource": info.subresource,
    }
    return {key: value for key, value in found.items() if value}


def _status(exchange: Exchange, response: Response, *, failed: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"metadata": {}, "code": response.status}
    if failed:
        found |= {"status": "Failure", "reason": "Unauthorized"}
        found["message"] = _attempted(exchange)
    elif response.status >= SUCCESS and response.status in REASONS and response.status != 429:  # noqa: PLR2004 - plain text
        found |= {"status": "Failure", "reason": REASONS[response.status]}
    return found


def _attempted(exchange: Exchange) -> str:
    """What was tried, as pkg/endpoints/filters/authn_audit.go says it."""
    scheme = exchange.request.headers.get("authorization", "").partition(" ")[0].lower()
    tried: list[str] = [name for name in ("basic", "bearer") if scheme == name]
    tried += ["x509"] if exchange.request.certificate is not None else []
    return (
        f"Authentication failed, attempted: {', '.join(tried)}"
        if tried
        else "Authentication failed, no credentials provided"
    )
