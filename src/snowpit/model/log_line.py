"""The log-line table: one row is one line (or joined trace) of a component's log that means something here.

Access lines are rows of the request table instead. A line that means nothing here is counted by severity and
source place, never kept. Texts of lines are not kept: only the fields below, with secrets blanked.
"""

from snowpit.model.request import Column

LOG_LINE = (
    Column("at", "BIGINT", "µs since the epoch", "when it was written; year and zone may be inferred"),
    Column("component", "VARCHAR", "", "who wrote it: kube-apiserver, kubelet, etcd, ..."),
    Column("server", "VARCHAR", "", "which instance, as far as the evidence says"),
    Column("severity", "VARCHAR", "", "I, W, E or F"),
    Column("place", "VARCHAR", "", "source file and line that wrote it, such as request.go:485"),
    Column("kind", "VARCHAR", "", "what it tells: a name of KINDS"),
    Column("seconds", "DOUBLE", "s", "duration that it tells"),
    Column("verb", "VARCHAR", "", "HTTP method or verb of the request it is about"),
    Column("subject", "VARCHAR", "", "what it is about: URL path, object, webhook, lease or error class"),
    Column("client", "VARCHAR", "", "user agent or address that it names"),
    Column("code", "INTEGER", "HTTP status", "status that it names"),
    Column("count", "BIGINT", "lines", "how many lines this row stands for"),
    Column("file", "INTEGER", "index", "row of the files table"),
    Column("line", "BIGINT", "1-based", "first line in that file, after decompression"),
)

KINDS = {
    "throttled": "a client waited for its own rate limiter (seconds: the wait; subject: the URL path)",
    "timeout": "a request ran into a time limit of the server (504, context deadline, timeout handler)",
    "rejected": "a request was refused for want of seats (429)",
    "authentication": "a request could not be authenticated (subject: the class of error)",
    "trace": "a slow operation with its steps (seconds: total)",
    "panic": "a panic or a crash",
    "crash_loop": "a container is restarted again and again (subject: the container; seconds: the wait before)",
    "etcd_slow": "etcd, or a call to it, was slow",
    "etcd_error": "a call to etcd failed",
    "webhook_failed": "a call to a webhook failed or timed out",
    "audit_failed": "the audit backend lost or could not write events",
    "apiservice_down": "an aggregated API was not available",
    "lease_lost": "leader election or a lease was lost or could not be renewed",
    "node_not_ready": "a node was marked not ready, or its status could not be updated",
    "scrape_failed": "a scraper could not read a kubelet (subject: the node)",
    "certificate": "a certificate or token expired or could not be verified",
    "connection": "a connection was refused, reset or closed",
    "started": "the component started (subject: its version)",
    "stopped": "the component was told to stop, or was killed",
    "setting": "a flag or setting as logged at start (subject: name=value)",
    "latency": "a kubelet or controller found the API server slow",
    "health": "a health check failed (subject: the check)",
}
"""Kind -> meaning."""
