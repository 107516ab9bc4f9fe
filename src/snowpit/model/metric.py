"""The sample table: one row is one value of one time series at one instant.

Names and labels are those of today's releases, whatever the release exposed (``knowledge`` holds the
translation); what was exposed stands beside them. Durations are in seconds, sizes in bytes.
"""

from snowpit.model.request import Column

METRIC = (
    Column("at", "BIGINT", "µs since the epoch", "when it was scraped; null if nothing tells"),
    Column("name", "VARCHAR", "", "name of the metric as today's releases expose it"),
    Column("kind", "VARCHAR", "", "counter, gauge, bucket, sum, count, quantile (of a summary) or untyped"),
    Column("labels", "MAP(VARCHAR, VARCHAR)", "", "labels as today's releases name them"),
    Column("value", "DOUBLE", "s, bytes or a count", "the value, in base units"),
    Column("exposed", "VARCHAR", "", "name as it was exposed"),
    Column("component", "VARCHAR", "", "what exposed it: kube-apiserver, kubelet, etcd, ..."),
    Column("server", "VARCHAR", "", "which instance, as far as the evidence says"),
    Column("file", "INTEGER", "index", "row of the files table"),
    Column("line", "BIGINT", "1-based", "line in that file, after decompression; null from a server"),
)
