"""Access lines of every release as rows of the request table."""

from pathlib import Path

import pytest

from snowpit.ingest.logs.access import access_row
from support.component_logs import NOTHING, plain, read_bytes

AT = 1_795_348_306_751_283
AGENT = "kubelet/v1.12.4 (linux/amd64) kubernetes/f49fa02"
FORMS = {
    "1.8": f"GET /api/v1/nodes/n1?resourceVersion=0: (2.5ms) 200 [[{AGENT}] 10.0.3.17:41236]",
    "1.12": f"GET /api/v1/nodes/n1?resourceVersion=0: (2.5ms) 200 [{AGENT} 10.0.3.17:41236]",
    "1.18": f'verb="GET" URI="/api/v1/nodes/n1?resourceVersion=0" latency=2.5ms resp=200 UserAgent="{AGENT}" srcIP="10.0.3.17:41236":',
    "1.19": f'"HTTP" verb="GET" URI="/api/v1/nodes/n1?resourceVersion=0" latency="2.5ms" userAgent="{AGENT}" srcIP="10.0.3.17:41236" resp=200',
    "1.22": f'"HTTP" verb="GET" URI="/api/v1/nodes/n1?resourceVersion=0" latency="2.5ms" userAgent="{AGENT}" audit-ID="a-1" srcIP="10.0.3.17:41236" resp=200',
    "1.28": f'"HTTP" verb="GET" URI="/api/v1/nodes/n1?resourceVersion=0" latency="2.5ms" userAgent="{AGENT}" audit-ID="a-1" srcIP="10.0.3.17:41236" apf_pl="node-high" apf_fs="system-node-high" apf_iseats=1 apf_fseats=0 apf_additionalLatency="0s" apf_init_latency="1.5ms" apf_execution_time="1ms" resp=200',
    "reordered": f'"HTTP" srcIP="10.0.3.17:41236" userAgent="{AGENT}" verb="GET" latency="2.5ms" URI="/api/v1/nodes/n1?resourceVersion=0" resp=200',
}


@pytest.mark.parametrize("release", FORMS)
def test_every_form_of_an_access_line_gives_the_same_request(release: str) -> None:
    row = access_row(FORMS[release], AT)
    assert row is not None
    assert (row["received"], row["finished"]) == (AT - 2500, AT)
    asked = [row.get(name) for name in ("verb", "group", "version", "resource", "namespace", "name", "uri")]
    assert asked == ["get", "", "v1", "nodes", None, "n1", "?resourceVersion=0"]
    assert (row["code"], row["stage"], row["user_agent"], row["source"]) == (
        200,
        "access log",
        AGENT,
        "10.0.3.17",
    )
    assert row.get("audit_id") == ("a-1" if release in ("1.22", "1.28") else None)
    assert row.get("queued") == (1500 if release == "1.28" else None)


@pytest.mark.parametrize(
    ("verb", "uri", "expected"),
    [
        ("LIST", "/api/v1/pods?limit=500", "list"),
        ("WATCH", "/api/v1/pods?watch=true", "watch"),
        ("GET", "/api/v1/pods?watch=1", "watch"),
        ("APPLY", "/apis/apps/v1/namespaces/a/deployments/b", "patch"),
        ("POST", "/apis/authentication.k8s.io/v1/tokenreviews", "create"),
        ("DELETE", "/api/v1/namespaces/a/pods", "deletecollection"),
        ("CONNECT", "/api/v1/namespaces/a/pods/b/exec?command=x", "connect"),
        ("GET", "/healthz?verbose", "get"),
    ],
)
def test_verbs_are_those_of_the_audit_log(verb: str, uri: str, expected: str) -> None:
    row = access_row(
        f'"HTTP" verb="{verb}" URI="{uri}" latency="1s" userAgent="a" srcIP="[::1]:1" resp=200', AT
    )
    assert row is not None
    assert (row["verb"], row["source"]) == (expected, "::1")


def test_a_hijacked_connection_has_no_status() -> None:
    row = access_row("GET /api/v1/namespaces/a/pods/b/log?follow=true: (10s) hijacked [x 10.0.0.1:2]", AT)
    assert row is not None
    assert row["code"] is None
    assert row["subresource"] == "log"


@pytest.mark.parametrize(
    "text", ["GET /x: (2parsecs) 200", 'verb="GET" latency=1ms', '"HTTP" nothing', "GET x", ""]
)
def test_what_is_no_access_line_gives_no_request(text: str) -> None:
    assert access_row(text, AT) is None


def test_the_agent_of_a_failed_request_is_found_behind_its_stack() -> None:
    stack = "goroutine 1 [running]:\n" + "k8s.io/apiserver/x(0xc0)\n\t/x.go:1 +0x1\n" * 30
    row = access_row(
        f'GET /api/v1/pods: (60s) 504\n{stack}logging error output: "t"\n [agent/1 (a b) 10.0.0.9:77]', AT
    )
    assert row is not None
    assert (row["user_agent"], row["source"], row["code"]) == ("agent/1 (a b)", "10.0.0.9", 504)


def test_tokens_in_access_lines_are_blanked(tmp_path: Path) -> None:
    token = "eyJhbGciOiJSUzI1NiJ9.c2VjcmV0LXBheWxvYWQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"  # noqa: S105 - what must not leak
    lines = [
        NOTHING,
        f"I1122 11:51:46.751283    6599 wrap.go:47] GET /api/v1/pods?access_token={token}: (1ms) 200 [{token} 10.0.0.1:1]",
        f'I1122 11:51:46.751283    6599 httplog.go:1] "HTTP" verb="GET" URI="/x/{token}" latency="1ms" userAgent="{token}" audit-ID="{token}" srcIP="1.1.1.1:1" resp=200',
        f"E1122 11:51:46.751283    6599 a.go:1] Get https://x/{token}: context deadline exceeded",
        f'I1122 11:51:46.751283    6599 flags.go:33] FLAG: --bootstrap-token="{token}"',
        f'I1122 11:51:46.751283    6599 flags.go:33] FLAG: --kubelet-args="--token={token}"',
    ]
    found = read_bytes(tmp_path, plain(lines))
    assert (len(found.requests), len(found.lines), len(found.settings)) == (2, 1, 2)
    assert token[:24] not in repr(found)
    assert [row["value"] for row in found.settings] == ["***", "--token=REDACTED"]


def test_the_loopback_client_tells_the_version_of_the_server(tmp_path: Path) -> None:
    line = (
        "I1122 11:51:46.753170    6599 wrap.go:47] GET /api/v1/namespaces/bench/secrets/a: (1.6ms) 200"
        " [kube-apiserver/v1.13.5 (linux/amd64) kubernetes/2166946 127.0.0.1:56720]"
    )
    assert read_bytes(tmp_path, plain([line])).coverage.versions == ("1.13.5",)


@pytest.mark.parametrize(
    ("agent", "address", "user"),
    [
        ("kubelet/v1.12.4 (linux/amd64) kubernetes/f49fa02", "10.0.3.17:4", "system:node:10.0.3.17"),
        ("kube-apiserver/v1.13.5 (linux/amd64) kubernetes/2166946", "[::1]:5", "system:apiserver"),
        ("kube-apiserver/v1.13.5 (linux/amd64) kubernetes/2166946", "10.0.0.1:5", None),
        (
            "hyperkube/v1.15.10 (linux/amd64) kubernetes/059c666/system:serviceaccount:kube-system:job-controller",
            "10.0.0.1:5",
            "system:serviceaccount:kube-system:job-controller",
        ),
        ("kubectl/v1.13.2 (linux/amd64) kubernetes/cff46ab", "10.0.0.1:5", None),
    ],
)
def test_a_user_is_inferred_where_the_agent_leaves_no_doubt(
    agent: str, address: str, user: str | None, tmp_path: Path
) -> None:
    line = f"I1122 11:51:46.753170    6599 wrap.go:47] GET /api/v1/pods: (1ms) 200 [{agent} {address}]"
    found = read_bytes(tmp_path, plain([line]))
    assert found.requests[0]["user"] == user
    assert ("users are inferred" in " ".join(found.coverage.notes)) == (user is not None)
