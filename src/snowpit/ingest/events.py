"""The audit event as the fast tier reads it: typed columns, SQL for every stored column, and the vouching rule.

The paths are those of ``audit.k8s.io/v1`` (``staging/src/k8s.io/apiserver/pkg/apis/audit/v1/types.go``);
v1beta1 has the same ones. DuckDB silently turns a value of the wrong type into
null and keeps the row, so a row counts only if :data:`VOUCHED` holds for it.
Of tokens and bodies nothing but ``subject`` comes out of these expressions, and what
looks like a credential elsewhere is blanked.
"""

from snowpit.ingest.redact import BLANKED, REDACTED, SECRET
from snowpit.ingest.tolerant.times import LATEST
from snowpit.model.request import CLOSED_EARLY, STORED
from snowpit.store import literal, quoted

LATENCY = "apiserver.latency.k8s.io/"
_PARTS = ("etcd", "apf-queue-wait", "mutating-webhook", "validating-webhook", "response-write")

INPUT = {
    "kind": "VARCHAR",
    "level": "VARCHAR",
    "auditID": "VARCHAR",
    "stage": "VARCHAR",
    "requestURI": "VARCHAR",
    "verb": "VARCHAR",
    "user": "STRUCT(username VARCHAR, groups VARCHAR[])",
    "impersonatedUser": "STRUCT(username VARCHAR)",
    "sourceIPs": "VARCHAR[]",
    "userAgent": "VARCHAR",
    "objectRef": "STRUCT(resource VARCHAR, namespace VARCHAR, name VARCHAR, apiGroup VARCHAR,"
    " apiVersion VARCHAR, subresource VARCHAR)",
    "responseStatus": "STRUCT(reason VARCHAR, code INTEGER, message VARCHAR)",
    "requestObject": 'STRUCT(spec STRUCT(token VARCHAR, "user" VARCHAR))',
    "responseObject": 'STRUCT(status STRUCT("user" STRUCT(username VARCHAR)), spec STRUCT(token VARCHAR))',
    "requestReceivedTimestamp": "VARCHAR",
    "stageTimestamp": "VARCHAR",
    "annotations": "STRUCT(" + ", ".join(f'"{LATENCY}{part}" VARCHAR' for part in _PARTS) + ")",
}
"""Columns of one event, by DuckDB type."""

REVIEWS = ("tokenreviews", "subjectaccessreviews", "localsubjectaccessreviews", "selfsubjectaccessreviews")


def _duration(part: str) -> str:
    """Microseconds of one of Go's duration strings in the annotations."""
    text = f'annotations."{LATENCY}{part}"'
    return (
        f"CASE WHEN {text} IS NULL THEN NULL WHEN suffix({text}, 'ns') THEN 0"
        f" ELSE TRY(epoch_us(CAST(replace({text}, 'µs', ' microseconds') AS INTERVAL))) END"
    )


def _instant(name: str) -> str:
    return f"epoch_us(TRY_CAST({name} AS TIMESTAMP))"


def _payload(token: str) -> str:
    """Claims of a JSON web token, as text; null if it is none."""
    part = f"translate(split_part({token}, '.', 2), '-_', '+/')"
    padded = f"rpad({part}, CAST((length({part}) + 3) // 4 * 4 AS INTEGER), '=')"
    return f"TRY(decode(from_base64({padded})))"


def _claimed(token: str) -> str:
    """Whom a token names: ``sub``, else the claims of a legacy ServiceAccount token."""
    claims = _payload(token)
    space, account = (
        f"TRY(json_extract_string({claims}, '$.\"kubernetes.io/serviceaccount/{name}\"'))"
        for name in ("namespace", "service-account.name")
    )
    return (
        f"coalesce(TRY(json_extract_string({claims}, '$.sub')),"
        f" 'system:serviceaccount:' || {space} || ':' || {account})"
    )


_SUBJECT = (
    f"CASE WHEN objectRef.resource IN {REVIEWS} THEN nullif(coalesce("
    "nullif(responseObject.status.\"user\".username, ''), "
    f"{_claimed('requestObject.spec.token')}, {_claimed('responseObject.spec.token')}, "
    "CASE WHEN objectRef.resource <> 'tokenreviews' THEN requestObject.spec.\"user\" END), '') END"
)

FAILED_START = "(stage = 'ResponseStarted' AND responseStatus.code >= 400)"
"""A response that ends with its start: authentication failed (Kubernetes 1.12 ``filters/authn_audit.go``)."""

_TERMINAL = f"(stage IN ('ResponseComplete', 'Panic') OR {FAILED_START})"
_MUTATING, _VALIDATING = _duration("mutating-webhook"), _duration("validating-webhook")

_EXPRESSIONS = {
    "received": _instant("requestReceivedTimestamp"),
    "finished": f"CASE WHEN coalesce({_TERMINAL}, false) THEN {_instant('stageTimestamp')} END",
    "group": "CASE WHEN objectRef.resource IS NOT NULL THEN coalesce(objectRef.apiGroup, '') END",
    "version": "nullif(objectRef.apiVersion, '')",
    "resource": "nullif(objectRef.resource, '')",
    "subresource": "nullif(objectRef.subresource, '')",
    "namespace": "nullif(objectRef.namespace, '')",
    "name": "nullif(objectRef.name, '')",
    "uri": "CASE WHEN objectRef.resource IS NULL THEN requestURI"
    " WHEN contains(requestURI, '?') THEN substr(requestURI, strpos(requestURI, '?')) END",
    "user": "nullif(\"user\".username, '')",
    "groups": "nullif(array_to_string(\"user\".groups, ','), '')",
    "user_agent": "nullif(userAgent, '')",
    "source": "nullif(sourceIPs[1], '')",
    "impersonated": "nullif(impersonatedUser.username, '')",
    "subject": _SUBJECT,
    "code": "responseStatus.code",
    "reason": "coalesce(nullif(responseStatus.reason, ''), CASE WHEN responseStatus.code = 401"
    f" OR responseStatus.message = {literal(CLOSED_EARLY)} THEN nullif(responseStatus.message, '') END)",
    "etcd": _duration("etcd"),
    "queued": _duration("apf-queue-wait"),
    "webhooks": f"CASE WHEN annotations IS NOT NULL THEN coalesce({_MUTATING} + {_VALIDATING}, {_MUTATING}, {_VALIDATING}) END",
    "written": _duration("response-write"),
    "audit_id": "auditID",
    "server": "CAST(NULL AS VARCHAR)",
}

VOUCHED = (
    "coalesce(kind = 'Event' AND auditID <> '' AND level IN ('Metadata', 'Request', 'RequestResponse')"
    f" AND (stage IN ('RequestReceived', 'ResponseStarted') OR (stage IN ('ResponseComplete', 'Panic')"
    " AND responseStatus.code IS NOT NULL))"
    " AND (responseStatus.code = 401 OR (verb <> '' AND \"user\".username <> ''))"
    " AND suffix(requestReceivedTimestamp, 'Z') AND suffix(stageTimestamp, 'Z')"
    f" AND {_instant('requestReceivedTimestamp')} > 0 AND {_instant('requestReceivedTimestamp')} < {LATEST}"
    f" AND {_instant('stageTimestamp')} > 0 AND {_instant('stageTimestamp')} < {LATEST}, false)"
)
"""Holds for an event of which every field that matters was understood."""

PART = {column.name: column.sql_type for column in STORED if column.name != "file"} | {
    "nth": "INTEGER",
    "ok": "BOOLEAN",
}
"""Columns of a part file: the stored ones without ``file``, the event's index in its line, and whether it counts.

``line`` is relative there: the row's number in its part, counted from 0, is to be added. (Numbering rows while
they are written costs half the speed on two cores.)
"""


LONGEST = 2 << 20
"""Bytes of a line beyond which the database may give up on its block; it reads in buffers of twice this size."""

_TEXT = ", ".join(quoted(name) for name in REDACTED if name not in ("uri", "stage", "level", "server"))
_SUSPECT = " OR ".join(
    f"contains(concat_ws(' ', {_TEXT}), '{sign}')"
    for sign in ("eyJ", "=", "%3", "earer", "EARER", ": ", "://")
)
"""Cheap: holds for every row in which the rule of ``redact`` may find something, the URI aside."""

_BLANKED = {
    name: f"CASE WHEN {'uri IS NOT NULL' if name == 'uri' else 'suspect'}"
    f" THEN regexp_replace({quoted(name)}, {literal(SECRET)}, {literal(BLANKED)}, 'g') ELSE {quoted(name)} END"
    for name in REDACTED
    if name not in ("stage", "level", "server")
} | {
    # Rows that are not vouched for stay in the part file, where these could hold anything.
    "stage": "CASE WHEN ok THEN stage END",
    "level": "CASE WHEN ok THEN level END",
}


def select_events(path_literal: str, first_line: int) -> str:
    """SQL that reads a block of JSON lines into the columns of a part, vouched for or not.

    Args:
        path_literal: The block, as an SQL string.
        first_line: Number of its first line.

    Returns:
        A query with one row a non-blank line, in order, as if there were no blank ones.
    """
    columns = ", ".join(f"{quoted(name)}: {literal(kind)}" for name, kind in INPUT.items())
    source = f"read_ndjson({path_literal}, columns={{{columns}}}, ignore_errors=true, maximum_object_size={LONGEST})"
    computed = {
        **_EXPRESSIONS,
        "line": f"CAST({first_line} AS BIGINT)",
        "nth": "CAST(0 AS INTEGER)",
        "ok": VOUCHED,
    }
    fields = ", ".join(f"{computed.get(name, quoted(name))} AS {quoted(name)}" for name in PART)
    blanked = ", ".join(_BLANKED.get(name, quoted(name)) + f" AS {quoted(name)}" for name in PART)
    return f"SELECT {blanked} FROM (SELECT *, {_SUSPECT} AS suspect FROM (SELECT {fields} FROM {source}))"
