"""Dumps of metrics in the Prometheus text format, as one process would have exposed them at several instants.

A series is ``{name, kind, labels, values}``: ``values`` are pairs of seconds and value, joined by straight lines. A
histogram is ``{name, kind = "histogram", labels, bounds, counts}``: ``counts`` are pairs of seconds and the cumulated
count of each bucket, the last one of +Inf; the sum is made up of the upper bounds.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

Series = Mapping[str, Any]


def kept_series(version: str, start: float) -> list[dict[str, Any]]:
    """What every kube-apiserver exposes, at the values of a quiet one that started at an instant (epoch seconds)."""
    minor = ".".join(version.split(".")[:2])
    build = {
        "git_version": f"v{version}",
        "major": "1",
        "minor": minor.partition(".")[2],
        "platform": "linux/amd64",
    }
    kind = "request_kind" if int(minor.partition(".")[2]) >= 19 else "requestKind"
    busy = "apiserver_current_inflight_requests"
    return [
        {"name": "go_goroutines", "values": [[0, 1800]]},
        {"name": "process_resident_memory_bytes", "values": [[0, 900e6]]},
        {"name": "process_start_time_seconds", "values": [[0, start]]},
        {"name": "process_cpu_seconds_total", "kind": "counter", "values": [[0, 9000], [10_000, 11_000]]},
        {"name": "kubernetes_build_info", "labels": build, "values": [[0, 1]]},
        {"name": busy, "labels": {kind: "mutating"}, "values": [[0, 2]]},
        {"name": busy, "labels": {kind: "readOnly"}, "values": [[0, 4]]},
    ]


def dump(series: Sequence[Series], at: float) -> str:
    """One dump of all series, ``at`` seconds after the start."""
    parts: dict[str, list[str]] = {}
    for item in series:
        lines = parts.setdefault(item["name"], [f"# TYPE {item['name']} {item.get('kind', 'gauge')}"])
        lines += _histogram(item, at) if item.get("kind") == "histogram" else [_plain(item, at)]
    return "\n".join(line for lines in parts.values() for line in lines) + "\n"


def overridden(base: Sequence[Series], series: Sequence[Series]) -> list[Series]:
    """All series; those of the same name and labels replace the ones of the base."""
    named = {_key(item): item for item in (*base, *series)}
    return list(named.values())


def _key(item: Series) -> tuple[str, tuple[tuple[str, str], ...]]:
    return item["name"], tuple(sorted(item.get("labels", {}).items()))


def _plain(item: Series, at: float) -> str:
    return f"{item['name']}{_labels(item.get('labels', {}))} {level(item['values'], at):g}"


def level(values: Sequence[Sequence[float]], at: float) -> float:
    """The value at an instant: on the line between two points, outside of them that of the nearest."""
    for (start, low), (end, high) in pairwise(values):
        if start <= at < end:
            return low + (high - low) * (at - start) / (end - start)
    return float(values[0][1] if at < values[0][0] else values[-1][1])


def _histogram(item: Series, at: float) -> list[str]:
    name, labels, counts = item["name"], item.get("labels", {}), item["counts"]
    bounds = [*(f"{bound:g}" for bound in item["bounds"]), "+Inf"]
    now = [level([(second, row[place]) for second, row in counts], at) for place in range(len(bounds))]
    made = [
        f"{name}_bucket{_labels({**labels, 'le': bound})} {round(count)}"
        for bound, count in zip(bounds, now, strict=True)
    ]
    each = [now[0], *(high - low for low, high in pairwise(now))]
    total = sum(
        bound * count for bound, count in zip([*item["bounds"], item["bounds"][-1]], each, strict=True)
    )
    return [
        *made,
        f"{name}_sum{_labels(labels)} {total:g}",
        f"{name}_count{_labels(labels)} {round(now[-1])}",
    ]


def _labels(labels: Mapping[str, str]) -> str:
    inner = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return f"{{{inner}}}" if inner else ""
