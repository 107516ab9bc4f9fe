"""Time spent in admission webhooks, where the evidence tells it."""

from snowpit.model.observation import RequestClass
from snowpit.model.window import MICROS
from snowpit.observe.scope import Scope
from snowpit.store import Tables

CLASSES = 20
"""Classes listed."""


def webhooks(tables: Tables, scope: Scope) -> dict[str, tuple[int, float, float]]:
    """Attempts with webhook time, its median and its largest value in seconds, by request class in words.

    From the annotations ``apiserver.latency.k8s.io/mutating-webhook`` and ``validating-webhook``, which servers
    from 1.24 on write for requests over 500 ms only: fast webhooks are never seen, and their absence on
    older servers proves nothing.
    """
    rows = tables.run(
        "SELECT v, g, r, s, count(*) AS n, approx_quantile(webhooks, 0.5), max(webhooks) AS longest FROM base"
        f" WHERE webhooks > 0 GROUP BY v, g, r, s ORDER BY sum(webhooks) DESC, v, g, r, s LIMIT {CLASSES}"
    )
    del scope
    found: dict[str, tuple[int, float, float]] = {}
    for verb, group, resource, subresource, n, half, longest in rows:
        name = str(RequestClass(verb, group, resource, subresource))
        found.setdefault(name, (n, half / MICROS, longest / MICROS))
    return found
