"""Evidence of others: every file yields what its manifest counts, or tells why not."""

import gzip
import re
from collections import Counter
from pathlib import Path

import pytest
from scanning import assert_accounted, scan, scanned

from snowpit.ingest.tolerant import sniff
from support.shared import shared_data

_COUNTED = re.compile(r"audit(?:|-envelope|-legacy)/")
# Calls of Google's own API (google.container.*, compute.*, deploymentmanager.*) are no requests to a Kubernetes API server.
_FOREIGN_CALLS = {
    "audit-envelope/panther-labs__panther-analysis/gcp_k8s_rules.jsonl": 7,
    "audit-envelope/panther-labs__panther-analysis/kubernetes_rules.jsonl": 2,
}


def manifest() -> dict[str, int]:
    """Events of every audit file, by path."""
    rows = (
        line.split("|")
        for line in shared_data("MANIFEST.md").read_text().splitlines()
        if line.startswith("| audit")
    )
    return {row[1].strip(): int(row[7]) for row in rows if _COUNTED.match(row[1].strip())}


def bundled(name: str) -> bytes:
    """A file of the recorded evidence that the package carries."""
    root = Path(__file__).resolve().parents[2]
    found = sorted(root.glob(f"src/snowpit/evidence/**/{name}")) or [
        shared_data("real-apiserver", "1.13.5", name)
    ]
    return gzip.decompress(found[0].read_bytes())


def test_every_audit_file_yields_the_events_that_the_manifest_counts() -> None:
    wrong: list[str] = []
    for name, wanted in manifest().items():
        data = shared_data(name).read_bytes()
        chunks = scan(data, sizes=(4096,))
        assert_accounted(data, chunks)
        foreign = 1 if "/gke_audit__" in name else _FOREIGN_CALLS.get(name, 0)
        found = sum(len(chunk.rows) for chunk in chunks)
        rejected = [chunk.verdict for chunk in chunks if chunk.verdict.startswith("reject")]
        wrong += [f"{name}: {found} of {wanted}, {rejected}"] if found != wanted - foreign or rejected else []
    assert wrong == []


def test_events_that_others_converted_from_gke_entries_agree_with_ours() -> None:
    folder = shared_data("audit-envelope", "sysdiglabs__stackdriver-webhook-bridge")
    columns = ("received", "verb", "version", "resource", "namespace", "user", "user_agent", "source")
    pairs = [
        (path, path.with_name(path.name.replace("log_entries", "k8s_audit_events")))
        for path in folder.glob("log_entries__*")
    ]
    assert pairs
    for ours, theirs in pairs:
        (left,), (right,) = (
            [row for chunk in scan(path.read_bytes()) for row in chunk.rows] for path in (ours, theirs)
        )
        assert [left[name] for name in columns] == [right[name] for name in columns], ours.name


@pytest.mark.parametrize("folder", ["klog", "metrics-apiserver", "config-kubelet", "config-audit-policy"])
def test_what_is_no_audit_log_yields_nothing(folder: str) -> None:
    for path in sorted(shared_data(folder).rglob("*.*")):
        data = path.read_bytes()
        kind = sniff(data[:65536])
        assert not [chunk for chunk in scan(data, kind) if chunk.rows], path.name
        assert "audit log" not in kind.name, path.name


def test_the_recorded_log_is_read_whole() -> None:
    data = bundled("audit.log.gz")
    chunks, scanner = scanned(data, sizes=(1 << 20,))
    assert_accounted(data, chunks)
    assert Counter(chunk.verdict for chunk in chunks) == {"event": 8702}
    assert (scanner.absent, scanner.notes) == ((), [])


def test_the_reviewed_accounts_of_the_recorded_log_are_named() -> None:
    rows = [
        row
        for chunk in scan(bundled("audit.log.gz"))
        for row in chunk.rows
        if row.get("resource") == "tokenreviews"
    ]
    named = [row["subject"] for row in rows if row["stage"] == "ResponseComplete" and row["code"] == 201]
    assert named
    assert sum(
        name is not None and name.startswith("system:serviceaccount:bench:") for name in named
    ) > 0.9 * len(named)
