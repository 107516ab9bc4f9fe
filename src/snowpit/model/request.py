"""The request table: one row is one attempt at one request.

Instants are integer microseconds since the Unix epoch (UTC); parts of the
server's time are integer microseconds. A value that the evidence does not
carry is null. Columns marked *stored* are written by a producer (ingest,
simulator, lab); the others are derived from stored ones by an expression of
the portable SQL subset, so that every producer gets them for nothing.
"""

from typing import NamedTuple


class Column(NamedTuple):
    """One column of the request table.

    Args:
        name: As SQL spells it (``group`` needs quotes there).
        sql_type: DuckDB type.
        unit: Unit or domain in words, empty for plain text.
        meaning: One phrase for the reference page.
        derived: SQL expression over other columns; empty for a stored column.
    """

    name: str
    sql_type: str
    unit: str
    meaning: str
    derived: str = ""


ACCESS_LOG = "access log"
"""Stage of a request that a line of a server's access log tells, and the name of that kind of evidence."""

STORED = (
    Column("received", "BIGINT", "µs since the epoch", "when the server stamped arrival"),
    Column("finished", "BIGINT", "µs since the epoch", "when it stamped the end; null while open"),
    Column("verb", "VARCHAR", "", "Kubernetes verb, as RequestInfo gives it"),
    Column("group", "VARCHAR", "", "API group; empty for the core group"),
    Column("version", "VARCHAR", "", "API version"),
    Column("resource", "VARCHAR", "", "resource, plural; null for a non-resource request"),
    Column("subresource", "VARCHAR", "", "subresource; null if none"),
    Column("namespace", "VARCHAR", "", "namespace; null if none"),
    Column("name", "VARCHAR", "", "object name; null if none"),
    Column("uri", "VARCHAR", "", "non-resource path, or the query part that starts with '?'"),
    Column("user", "VARCHAR", "", "user name as authenticated; null before authentication"),
    Column("groups", "VARCHAR", "comma-separated", "groups of the user"),
    Column("user_agent", "VARCHAR", "", "User-Agent header"),
    Column("source", "VARCHAR", "", "first source address"),
    Column("impersonated", "VARCHAR", "", "user name impersonated"),
    Column("subject", "VARCHAR", "", "for reviews: who was being reviewed; never the token"),
    Column("code", "INTEGER", "HTTP status", "status code of the answer; null while open"),
    Column("reason", "VARCHAR", "", "reason of the Status object; for a failed login its message"),
    Column("stage", "VARCHAR", "", "last audit stage seen, or the producer's own word"),
    Column("etcd", "BIGINT", "µs", "time in the database, from the annotations"),
    Column("queued", "BIGINT", "µs", "wait for a seat in priority and fairness"),
    Column("webhooks", "BIGINT", "µs", "time in admission webhooks"),
    Column("written", "BIGINT", "µs", "time writing the response"),
    Column("audit_id", "VARCHAR", "", "audit ID; made from file and line where the evidence has none"),
    Column("level", "VARCHAR", "", "audit level"),
    Column("server", "VARCHAR", "", "which API server wrote it, as far as the evidence says"),
    Column("file", "INTEGER", "index", "row of the files table"),
    Column("line", "BIGINT", "1-based", "line of the event in that file, after decompression"),
)
"""What a producer writes, in this order."""

LONG_RUNNING_SUBRESOURCES = ("attach", "exec", "proxy", "log", "portforward")
"""Kubernetes 1.12 ``cmd/kube-apiserver/app/server.go``: never counted by the in-flight gate."""

_QUOTED = ", ".join(f"'{name}'" for name in LONG_RUNNING_SUBRESOURCES)

CLOSED_EARLY = "Connection closed early"
"""Message of an audit event for a request whose client hung up before an answer (kubernetes/apiserver
``pkg/endpoints/filters/audit.go``); the code is a faked 200."""

BUCKETS_PER_OCTAVE = 16
"""Logarithmic latency buckets per doubling: a bucket is 4.4 % wide."""

DERIVED = (
    Column("latency", "BIGINT", "µs", "sojourn time that the audit clock shows", "finished - received"),
    Column(
        "latency_bucket",
        "SMALLINT",
        f"log2 x {BUCKETS_PER_OCTAVE}",
        "logarithmic bucket of the sojourn time (mergeable quantiles)",
        f"CAST(floor(log2(greatest(finished - received, 1)) * {BUCKETS_PER_OCTAVE}) AS SMALLINT)",
    ),
    Column(
        "mutating",
        "BOOLEAN",
        "",
        "takes a mutating seat (every verb but get, list, watch)",
        "verb NOT IN ('get', 'list', 'watch')",
    ),
    Column(
        "long_running",
        "BOOLEAN",
        "",
        "exempt from the in-flight gate and the request timeout",
        f"(verb IN ('watch', 'proxy', 'connect') OR coalesce(subresource, '') IN ({_QUOTED})"
        " OR coalesce(uri, '') LIKE '/debug/pprof/%')",
    ),
    Column(
        "node",
        "VARCHAR",
        "",
        "node name, if a kubelet asked",
        'CASE WHEN starts_with("user", \'system:node:\') THEN substr("user", 13) END',
    ),
    Column(
        "client_kind",
        "VARCHAR",
        "node, serviceaccount, master, loopback, anonymous, other",
        "what kind of client asked",
        "CASE WHEN \"user\" IS NULL OR \"user\" = '' OR \"user\" = 'system:anonymous' THEN 'anonymous'"
        " WHEN \"user\" = 'system:apiserver' THEN 'loopback'"
        " WHEN contains(',' || coalesce(groups, '') || ',', ',system:masters,') THEN 'master'"
        " WHEN starts_with(\"user\", 'system:node:') THEN 'node'"
        " WHEN starts_with(\"user\", 'system:serviceaccount:') THEN 'serviceaccount' ELSE 'other' END",
    ),
    Column(
        "outcome",
        "VARCHAR",
        "ok, client_error, unauthorized, rejected, timed_out, server_error, aborted, open",
        "how it ended, in the field's terms",
        "CASE WHEN finished IS NULL AND (code IS NULL OR stage IN ('RequestReceived', 'ResponseStarted')) THEN 'open'"
        " WHEN stage = 'Panic' THEN 'server_error'"
        f" WHEN reason = '{CLOSED_EARLY}' THEN 'aborted'"
        " WHEN code = 429 THEN 'rejected' WHEN code = 504 THEN 'timed_out' WHEN code = 401 THEN 'unauthorized'"
        " WHEN code = 499 OR code = 0 THEN 'aborted' WHEN code >= 500 THEN 'server_error'"
        " WHEN code >= 400 THEN 'client_error' ELSE 'ok' END",
    ),
)
"""What every producer gets for nothing, by expressions over the stored columns."""

COLUMNS = STORED + DERIVED
"""The whole request table, in order."""

OUTCOMES = ("ok", "client_error", "unauthorized", "rejected", "timed_out", "server_error", "aborted", "open")
"""Domain of ``outcome``."""
