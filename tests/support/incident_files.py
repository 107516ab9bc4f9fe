"""The evidence of an incident as files, made from a recipe: audit log, dumps of metrics, component logs, manifests.

A recipe is a traffic recipe (``support.traffic``; without ``[[stream]]`` and ``include`` there is no audit log) with

- ``[dumps]`` ``every_s``, ``to_s``, ``servers`` and ``[[metric]]`` series (see ``support.metrics_writer``; with
  ``server`` only that one has it);
- ``[[log]]`` lines: ``file``, ``text``, ``from_s``, ``to_s``, ``every_s``; ``severity`` and ``place`` give them the
  header of klog, without them the text is the whole line. ``$time``, ``$n`` and ``$x`` (from ``ramp``) are filled in;
- ``[[file]]`` ``name`` and ``text``.

All instants are seconds after the start of traffic recipes. A dump's file name carries its instant.
"""

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template
from typing import Any

from support import audit_writer, metrics_writer
from support.traffic import START, recipe, rows

ORIGIN = datetime.fromtimestamp(START / 1e6, UTC)


def write(path: Path, folder: Path) -> dict[str, Any]:
    """Write the evidence of a recipe into a folder.

    Returns:
        The recipe.
    """
    raw = recipe(path)
    if "stream" in raw:
        api = raw["server"].get("audit_api", "v1")
        (folder / "audit.log").write_text(audit_writer.log(rows(raw), api=api), "utf-8")
    if "dumps" in raw:
        _dumps(raw, folder)
    for name, lines in _logs(raw).items():
        text = "".join(f"{line}\n" for _, _, line in sorted(lines))
        (folder / name).write_text(text, "utf-8")
        _stamp(folder / name, max(at for at, _, _ in lines))
    (folder / "kube-apiserver.yaml").write_text(manifest(raw["server"]), "utf-8")
    for item in raw.get("file", ()):
        (folder / item["name"]).write_text(item["text"], "utf-8")
    return raw


def manifest(server: Mapping[str, Any]) -> str:
    """The static pod of the API server, with its release, its limits and the recipe's other ``flags``."""
    flags = ["--etcd-servers=https://127.0.0.1:2379", "--secure-port=6443", *server.get("flags", ())]
    for kind, flag in (("mutating", "max-mutating-requests-inflight"), ("readonly", "max-requests-inflight")):
        if f"{kind}_limit" in server:
            flags.append(f"--{flag}={server[f'{kind}_limit']}")
    command = "".join(f"    - {flag}\n" for flag in flags)
    return (
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: kube-apiserver\n  namespace: kube-system\nspec:\n  containers:\n"
        f"  - name: kube-apiserver\n    image: registry.k8s.io/kube-apiserver:v{server['version']}\n    command:\n"
        f"    - kube-apiserver\n{command}"
    )


def _dumps(raw: Mapping[str, Any], folder: Path) -> None:
    """One file for each server and instant."""
    dumps = raw["dumps"]
    base = metrics_writer.kept_series(raw["server"]["version"], START / 1e6 - 400_000)
    for server in dumps.get("servers", [""]):
        mine = [item for item in raw.get("metric", ()) if item.get("server", server) == server]
        series = metrics_writer.overridden(base, mine)
        for at in range(0, dumps["to_s"] + 1, dumps["every_s"]):
            name = "-".join(part for part in ("kube-apiserver", server, "metrics") if part)
            path = folder / f"{name}-{ORIGIN + timedelta(seconds=at):%Y-%m-%dT%H-%M-%SZ}.prom"
            path.write_text(metrics_writer.dump(series, at), "utf-8")
            _stamp(path, at)


def _logs(raw: Mapping[str, Any]) -> dict[str, list[tuple[float, int, str]]]:
    """Instant, number and text of each line, by file."""
    found: dict[str, list[tuple[float, int, str]]] = {}
    for item in raw.get("log", ()):
        found.setdefault(item["file"], []).extend(_lines(item))
    return found


def _lines(item: Mapping[str, Any]) -> Iterator[tuple[float, int, str]]:
    start, end, step = item["from_s"], item.get("to_s", item["from_s"]), item.get("every_s", 1.0)
    low, high = item.get("ramp", (0.0, 0.0))
    for number in range(int((end - start) / step) + 1):
        at = start + number * step
        x = low + (high - low) * (at - start) / max(step, end - start)
        stamp = ORIGIN + timedelta(seconds=at)
        head = (
            f"{item['severity']}{stamp:%m%d %H:%M:%S.%f}       1 {item['place']}] " if "place" in item else ""
        )
        words = {"time": f"{stamp:%Y-%m-%dT%H:%M:%S.%f}Z", "n": f"{number}", "x": f"{x:.6f}"}
        yield at, number, head + Template(item["text"]).substitute(words)


def _stamp(path: Path, at: float) -> None:
    """Give a file the time at which it was written; the year of klog lines is inferred from it."""
    seconds = START / 1e6 + at
    os.utime(path, (seconds, seconds))
