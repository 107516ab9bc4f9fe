"""The two tiers agree, and neither lets a token through."""

import base64
import gzip
from pathlib import Path

import pytest

from snowpit.ingest import events, read
from snowpit.model.request import STORED
from snowpit.store import Tables
from support.shared import shared_data

BUNDLED = Path(__file__).parents[2] / "src/snowpit/evidence/real-apiserver-1.13.5/audit.log.gz"
COLUMNS = ", ".join(f'"{column.name}"' for column in STORED)


def rows_of(path: Path) -> list[tuple[object, ...]]:
    with Tables() as tables:
        read([str(path)], tables=tables)
        return tables.run(f"SELECT {COLUMNS} FROM stored ORDER BY line, audit_id")


def tolerant_rows(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """Rows of the tolerant tier alone: the fast one vouches for nothing."""
    with monkeypatch.context() as patch:
        patch.setattr(events, "VOUCHED", "false")
        return rows_of(path)


def test_both_tiers_give_the_same_rows_for_a_real_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = gzip.decompress(BUNDLED.read_bytes()).splitlines(keepends=True)
    path = tmp_path / "audit.log"
    path.write_bytes(b"".join(lines[:2000] + lines[5000:5500]))
    fast, slow = rows_of(path), tolerant_rows(path, monkeypatch)
    assert len(fast) > 1000
    assert fast == slow


@pytest.mark.parametrize("name", ["demo-v1.log", "demo-v1beta1-small.log"])
def test_both_tiers_give_the_same_rows_for_both_versions(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = shared_data("audit", "liggitt__audit2rbac", name)
    assert rows_of(path) == tolerant_rows(path, monkeypatch)


def encoded(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


HEADER = encoded(b"{}")
SIGNATURE = "c2lnbmF0dXJl"
BOUND = f"{HEADER}." + encoded(b'{"sub":"system:serviceaccount:bench:sa-1"}') + f".{SIGNATURE}"
LEGACY = (
    f"{HEADER}."
    + encoded(
        b'{"kubernetes.io/serviceaccount/namespace":"bench","kubernetes.io/serviceaccount/service-account.name":"sa-2"}'
    )
    + f".{SIGNATURE}"
)


def review(number: int, middle: str, resource: str = "tokenreviews", agent: str = "kubelet") -> str:
    return (
        f'{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"RequestResponse","auditID":"id-{number}","stage":'
        f'"ResponseComplete","requestURI":"/apis/authentication.k8s.io/v1/{resource}?token={BOUND}","verb":"create","user":'
        f'{{"username":"system:node:n1"}},"sourceIPs":["10.0.0.1"],"userAgent":"{agent}","objectRef":{{"resource":"{resource}",'
        f'"apiGroup":"authentication.k8s.io","apiVersion":"v1"}},"responseStatus":{{"code":201}},{middle},'
        f'"requestReceivedTimestamp":"2026-01-01T00:00:{number:02d}.000000Z","stageTimestamp":"2026-01-01T00:00:{number:02d}.5Z",'
        f'"annotations":{{"apiserver.latency.k8s.io/etcd":"1.5ms","apiserver.latency.k8s.io/apf-queue-wait":"12.5µs",'
        f'"apiserver.latency.k8s.io/mutating-webhook":"1m2.25s","apiserver.latency.k8s.io/response-write":"700ns"}}}}\n'
    )


LOG = "".join(
    (
        review(0, f'"requestObject":{{"spec":{{"token":"{BOUND}"}}}}'),
        review(1, f'"responseObject":{{"spec":{{"token":"{LEGACY}"}},"status":{{}}}}'),
        review(
            2,
            f'"requestObject":{{"spec":{{"token":"{BOUND}"}}}},"responseObject":{{"status":{{"user":{{"username":"eve"}}}}}}',
        ),
        review(3, '"requestObject":{"spec":{"user":"mallory"}}', "subjectaccessreviews"),
        review(4, f'"requestObject":{{"spec":{{"token":"{BOUND}"}}}}', "pods"),
        review(5, '"requestObject":{"spec":{"token":"opaque.!!!.secret"}}', agent=f"curl Bearer {BOUND}"),
        review(6, '"requestObject":{"spec":{"token":"opaque"}}', agent="curl token=opaque"),
    )
)


def test_the_reviewed_subject_is_found_wherever_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "audit.log"
    path.write_text(LOG)
    with Tables() as tables:
        read([str(path)], tables=tables)
        subjects = [row[0] for row in tables.run("SELECT subject FROM stored ORDER BY line")]
        parts = tables.run("SELECT etcd, queued, webhooks, written FROM stored WHERE line = 1")
    bench = "system:serviceaccount:bench:sa-"
    assert subjects == [f"{bench}1", f"{bench}2", "eve", "mallory", None, None, None]
    assert parts == [(1500, 12, 62_250_000, 0)]
    assert rows_of(path) == tolerant_rows(path, monkeypatch)


def test_no_token_reaches_a_file_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "audit.log"
    cache = tmp_path / "cache"
    path.write_text(LOG + LOG.replace('"code":201', '"code":"x"') + LOG[:300])
    monkeypatch.setattr("snowpit.ingest.cache.LARGE", 1)
    with Tables() as tables:
        read([str(path)], tables=tables, cache=cache)
        shown = str(tables.run("SELECT * FROM stored"))
        tables.run(f"COPY (FROM events) TO '{tmp_path / 'plain.json'}'")
        kept = [
            file.read_bytes()
            for top in (tables.directory, cache)
            for file in top.rglob("*")
            if file.is_file()
        ]
    everything = b"".join([*kept, (tmp_path / "plain.json").read_bytes(), shown.encode()])
    assert b"sa-1" in everything
    for secret in (BOUND, LEGACY, *BOUND.split(".")[1:], LEGACY.split(".")[1], "opaque"):
        assert secret.encode() not in everything


def test_a_log_of_strange_lines_goes_to_the_tolerant_tier_at_once(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_text("".join("host-7 " + line + "\n" for line in LOG.splitlines()))
    with Tables() as tables:
        coverage = read([str(path)], tables=tables)
        servers = tables.run("SELECT DISTINCT server FROM stored")
    assert (coverage.files[0].events, servers) == (7, [("host-7",)])
