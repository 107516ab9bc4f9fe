"""The catalogue of lines: every rule names some line, and tells what stands in it."""

import re

import pytest

from snowpit.ingest.logs.meaning import flag, meaning, rules
from snowpit.knowledge.log_lines import line_rules
from snowpit.model.log_line import KINDS

AUTH = "Unable to authenticate the request due to an error: "
EXAMPLES = (
    ("throttled", "/api/v1/pods", "Throttling request took 1.5s, request: GET:https://[::1]:6443/api/v1/pods?limit=5"),
    ("throttled", "/api/v1/pods", "Waited for 1.5s due to client-side throttling, not priority and fairness, request: GET:https://10.0.0.1/api/v1/pods"),
    ("throttled", "/api/v1/pods", "Waited for 1.5s, retries: 2, retry-after: 1s - retry-reason: due to server-side throttling - request: GET:https://x/api/v1/pods"),
    ("throttled", "/api/v1/pods", '"Waited before sending request" delay="1.5s" reason="client-side throttling, not priority and fairness" verb="GET" URL="https://x/api/v1/pods"'),
    ("rejected", "/api/v1/pods", "Got a Retry-After 1s response for attempt 1 to https://x/api/v1/pods"),
    ("etcd_error", "too many requests at etcd", 'status error: "etcdserver: too many requests"'),
    ("rejected", "tokenreviews.authentication.k8s.io", "the server has received too many requests and has asked us to try again later (post tokenreviews.authentication.k8s.io)"),
    ("trace", "Create", 'Trace[1]: "Create" url:/api/v1/pods,user-agent:a,client:10.0.0.1 (started: x) (total time: 2s):'),
    ("panic", "/api/v1/pods", "apiserver panic'd on GET /api/v1/pods"),
    ("panic", "/api/v1/pods", "APIServer panic'd on GET /api/v1/pods: x"),
    ("timeout", "timeout filter and handler both wrote", 'apiserver received an error that is not an metav1.Status: &errors.errorString{s:"http: Handler timeout"}'),
    ("panic", "runtime error: invalid memory address", 'Observed a panic: "runtime error: invalid memory address'),
    ("timeout", "/api/v1/pods", '"Timeout or abort while handling" logger="UnhandledError" method="GET" URI="/api/v1/pods" auditID="a"'),
    ("timeout", "/api/v1/pods", 'timeout or abort while handling: method=GET URI="/api/v1/pods" audit-ID="a"'),
    ("timeout", "/api/v1/pods", '"Post-timeout activity" logger="UnhandledError" timeElapsed="1.5s" method="GET" path="/api/v1/pods" result=null'),
    ("timeout", "/api/v1/pods", 'post-timeout activity - time-elapsed: 1.5s, GET "/api/v1/pods" result: <nil>'),
    ("authentication", "token invalidated", AUTH + "[invalid bearer token, Token has been invalidated]"),
    ("authentication", "token expired", AUTH + "[invalid bearer token, service account token has expired]"),
    ("authentication", "certificate expired", AUTH + "x509: certificate has expired or is not yet valid"),
    ("authentication", "certificate of unknown authority", AUTH + "verifying certificate SN=1, SKID= failed"),
    ("authentication", "deadline exceeded", AUTH + "context deadline exceeded"),
    ("authentication", "ServiceAccount or Secret gone", AUTH + '[invalid bearer token, serviceaccounts "a" not found]'),
    ("authentication", "review of the token failed", AUTH + "Post https://x/apis/authentication.k8s.io/v1/tokenreviews: refused"),
    ("authentication", "invalid bearer token", '"Unable to authenticate the request" err="invalid bearer token"'),
    ("authentication", "malformed token", AUTH + "go-jose/go-jose: compact JWS format must have three parts"),
    ("authentication", "of unknown class", AUTH + "no"),
    ("authentication", "secret of the token not found", 'Could not retrieve token a/b for service account a/c: secrets "b" not found'),
    ("authentication", "review of a token failed", "Failed to make webhook authenticator request: no"),
    ("authentication", "review of access failed", "Failed to make webhook authorizer request: no"),
    ("audit_failed", "audit events lost", "audit backend x: unable to write 5 events"),
    ("audit_failed", "webhook", "Error in audit plugin 'webhook' affecting 400 audit events: Post x: EOF"),
    ("audit_failed", "audit buffer full", "audit buffer queue blocked"),
    ("audit_failed", "body not audited", "Auditing failed of  request: encoding failed"),
    ("etcd_slow", "/registry/pods", '"apply request took too long" took="1.5s" request="key:\\"/registry/pods/a/b\\" "'),
    ("etcd_slow", "heartbeat late", "failed to send out heartbeat on time (exceeded the 100ms timeout for 12.5ms)"),
    ("etcd_slow", "slow fsync", '"slow fdatasync" took="1.5s" expected-duration="1s"'),
    ("etcd_slow", "slow fsync", "sync duration of 1.5s, expected less than 1s"),
    ("etcd_error", "leader changed", "etcdserver: leader changed"),
    ("etcd_error", "request timed out", "etcdserver: request timed out, possibly due to previous leader failure"),
    ("etcd_error", "database full", "etcdserver: mvcc: database space exceeded"),
    ("etcd_error", "no leader", "etcdserver: no leader"),
    ("etcd_error", "lost leader", "raft.node: 1 lost leader 2 at term 3"),
    ("webhook_failed", "pods.example.com", "Failed calling webhook, failing open pods.example.com: failed calling webhook"),
    ("webhook_failed", "pods.example.com", "Failed calling webhook, failing closed pods.example.com: failed calling webhook"),
    ("webhook_failed", "pods.example.com", 'Internal error occurred: failed calling webhook "pods.example.com": Post x: context deadline exceeded'),
    ("webhook_failed", "pods.example.com", 'failed calling admission webhook "pods.example.com": no'),
    ("apiservice_down", "v1beta1.metrics.k8s.io", "v1beta1.metrics.k8s.io failed with: failing or missing response from https://10.0.0.1:443/apis"),
    ("apiservice_down", "v1beta1.metrics.k8s.io", "OpenAPI AggregationController: action for item v1beta1.metrics.k8s.io: Rate Limited Requeue."),
    ("apiservice_down", "v1beta1.metrics.k8s.io", 'loading OpenAPI spec for "v1beta1.metrics.k8s.io" failed with: failed to retrieve'),
    ("apiservice_down", "metrics.k8s.io/v1beta1", "couldn't get resource list for metrics.k8s.io/v1beta1: x"),
    ("apiservice_down", "metrics.k8s.io/v1beta1", "unable to retrieve the complete list of server APIs: metrics.k8s.io/v1beta1: the server is currently unable to handle the request"),
    ("lease_lost", "kube-system/kube-controller-manager", "failed to renew lease kube-system/kube-controller-manager: timed out waiting for the condition"),
    ("lease_lost", "leader election lost", "leaderelection lost"),
    ("lease_lost", "leader election lost", '"Leaderelection lost"'),
    ("lease_lost", "kube-system/kube-scheduler", '"Error retrieving lease lock" err="Get x: context deadline exceeded" lock="kube-system/kube-scheduler"'),
    ("lease_lost", "lease not read or updated", '"Error retrieving lease lock" err="Get x: context deadline exceeded"'),
    ("lease_lost", "kube-system/kube-scheduler", "error retrieving resource lock kube-system/kube-scheduler: Get x: context deadline exceeded"),
    ("lease_lost", "lease not updated", '"Failed to update lease" err="x"'),
    ("lease_lost", "lease not updated", "Failed to update lock: etcdserver: slow"),
    ("node_not_ready", "node status not updated", 'Error updating node status, will retry: error getting node "n1": x'),
    ("node_not_ready", "node status not updated", "Unable to update node status: update node status exceeds retry count"),
    ("lease_lost", "lease not updated", "failed to update node lease, error: x"),
    ("scrape_failed", "n1", "unable to fully collect metrics: [unable to fully scrape metrics from source kubelet_summary:n1: unable to fetch metrics from Kubelet n1 (10.0.0.1): Get https://10.0.0.1:10250/stats/summary/: context deadline exceeded]"),
    ("scrape_failed", "n1", "unable to fully scrape metrics: unable to fully scrape metrics from node n1: unable to fetch metrics from node n1: x"),
    ("scrape_failed", "n1", '"Failed to scrape node" err="request failed, status: \\"401 Unauthorized\\"" node="n1"'),
    ("node_not_ready", "n1", "node n1 hasn't been updated for 1m30s. Last Ready is: x"),
    ("node_not_ready", "n1", "node n1 is unresponsive as of 2019-01-01. Adding it to the Taint queue."),
    ("node_not_ready", "eu-1", "Controller detected that zone eu-1 is now in state FullDisruption."),
    ("crash_loop", "kube-apiserver", "back-off 5m0s restarting failed container=kube-apiserver pod=kube-apiserver-m0_kube-system(1)"),
    ("health", "kube-system/kube-apiserver-m0", '"Probe failed" probeType="Liveness" pod="kube-system/kube-apiserver-m0" podUID=1'),
    ("health", "kube-apiserver-m0_kube-system", 'Liveness probe for "kube-apiserver-m0_kube-system(1):kube-apiserver" failed (failure): x'),
    ("panic", "kube-apiserver", "System OOM encountered, victim process: kube-apiserver, pid: 1"),
    ("certificate", "certificate expired", "x509: certificate has expired or is not yet valid"),
    ("certificate", "certificate of unknown authority", "x509: certificate signed by unknown authority"),
    ("certificate", "certificate for another name", "x509: certificate is valid for a, not b"),
    ("certificate", "bad certificate", "remote error: tls: bad certificate"),
    ("connection", "EOF", "http: TLS handshake error from 10.0.0.1:5: EOF"),
    ("connection", "/healthz", 'Get "https://10.0.0.1:6443/healthz": dial tcp 10.0.0.1:6443: connect: connection refused'),
    ("connection", "connection reset", "read tcp 1->2: read: connection reset by peer"),
    ("connection", "HTTP/2 connection lost", "http2: client connection lost"),
    ("latency", "/api/v1/nodes/n1", "Get https://x/api/v1/nodes/n1?timeout=10s: net/http: request canceled (Client.Timeout exceeded while awaiting headers)"),
    ("timeout", "/api/v1/nodes/n1", 'Get "https://x/api/v1/nodes/n1": context deadline exceeded'),
    ("timeout", "nodes", "the server was unable to return a response in the time allotted, but may still be processing the request (get nodes)"),
    ("timeout", "request did not complete within the time limit", "Timeout: request did not complete within 30s"),
    ("timeout", "timed out waiting for the condition", "x: timed out waiting for the condition"),
    ("health", "healthz", "healthz check failed"),
    ("setting", "v", 'FLAG: --v="4"'),
    ("started", "1.13.5", "Version: v1.13.5"),
    ("started", "1.28.3", '"Kubelet version" kubeletVersion="v1.28.3"'),
    ("started", "1.28.3", '"Version info" version="v1.28.3"'),
    ("started", "3.5.9", '"starting etcd server" etcd-version="3.5.9"'),
    ("stopped", "told to stop", '"received signal; shutting down" signal="terminated"'),
    ("stopped", "shutdown", "[graceful-termination] shutdown event"),
    ("panic", "out of memory", "fatal error: runtime: out of memory"),
)  # fmt: skip


def naming(message: str) -> int | None:
    """Which rule names a message."""
    return next(
        (
            index
            for index, rule in enumerate(rules())
            if rule.line.needs in message and rule.search.search(message)
        ),
        None,
    )


@pytest.mark.parametrize(("kind", "subject", "message"), EXAMPLES)
def test_a_line_is_named_and_told_apart(kind: str, subject: str, message: str) -> None:
    found = meaning(message)
    assert found is not None
    assert (found["kind"], found["subject"]) == (kind, subject)
    if "1.5s" in message:
        assert found["seconds"] == 1.5


def test_every_rule_names_a_line_that_no_rule_before_it_names() -> None:
    named = {naming(message) for _, _, message in EXAMPLES}
    assert [rule.id for index, rule in enumerate(line_rules()) if index not in named] == []


def test_every_rule_has_a_known_kind_and_a_source() -> None:
    for rule in line_rules():
        assert rule.kind in KINDS
        assert rule.source
        assert set(re.compile(rule.pattern).groupindex) <= {
            "seconds", "took", "verb", "subject", "checks", "client", "code",
        }  # fmt: skip


def test_messages_of_severity_i_are_found_by_their_beginning() -> None:
    for rule in line_rules():
        if rule.begins:
            assert any(re.match(rule.begins, message) for _, _, message in EXAMPLES), rule.id


@pytest.mark.parametrize(
    "text", ["", "forcing resync", "Waited for nobody", "signal", "no leader here", "check failed"]
)
def test_lines_that_only_look_alike_mean_nothing(text: str) -> None:
    assert meaning(text) is None


def test_flags_keep_their_values_and_lose_their_secrets() -> None:
    assert flag('FLAG: --authentication-token-webhook-cache-ttl="2m0s"') == (
        "authentication-token-webhook-cache-ttl", "2m0s",
    )  # fmt: skip
    assert flag('FLAG: --token-auth-file="/etc/tokens.csv"') == ("token-auth-file", "/etc/tokens.csv")
    assert flag('FLAG: --bootstrap-token="abcdef.0123456789abcdef"') == ("bootstrap-token", "***")
    assert flag('FLAG: --etcd-servers="https://me:hunter2@etcd:2379"') == (
        "etcd-servers",
        "https://REDACTED@etcd:2379",
    )
    assert flag('FLAG: --key="hunter2"') == ("key", "***")
    assert flag("FLAG: broken") is None
