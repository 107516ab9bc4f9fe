"""Time spent in admission webhooks, where the evidence tells."""

from collections import defaultdict
from collections.abc import Mapping

from snowpit.model.observation import RequestClass
from snowpit.model.window import MICROS
from snowpit.observe.figures import quantile
from snowpit.observe.scope import Scope, request_class
from snowpit.store import Tables

TOP = 50


def webhooks(tables: Tables, scope: Scope) -> Mapping[str, tuple[int, float, float]]:
    """Time in admission webhooks by request class: attempts that show it, median, longest.

    Unit: attempts; seconds.

    Assumptions: the annotations of latency are true; they exist from Kubernetes 1.24, on requests over 0.5 s.

    How computed: logarithmic buckets of the annotated time; the 50 classes with most attempts.

    Cannot see: webhooks on requests below 0.5 s or before 1.24; which webhook it was.

    Source: Kubernetes 1.24.0 ``staging/src/k8s.io/apiserver/pkg/endpoints/filters/audit.go`` and ``request/received_time.go``.
    """
    del scope
    counts: dict[RequestClass, dict[int, int]] = defaultdict(dict)
    longest: dict[RequestClass, int] = defaultdict(int)
    for row in tables.run(
        "SELECT v, g, r, s, CAST(floor(log2(greatest(webhooks, 1)) * 16) AS INTEGER) AS sixteenth, count(*), max(webhooks)"
        " FROM base WHERE webhooks > 0 GROUP BY v, g, r, s, sixteenth ORDER BY v, g, r, s, sixteenth LIMIT 100000"
    ):
        key = request_class(row)
        counts[key][row[4]] = row[5]
        longest[key] = max(longest[key], row[6])
    ranked = sorted(counts, key=lambda key: (-sum(counts[key].values()), key))[:TOP]
    return {
        str(key): (
            sum(counts[key].values()),
            quantile(counts[key], 0.5, low=0, high=longest[key]) or 0.0,
            longest[key] / MICROS,
        )
        for key in ranked
    }
