"""What is secret in a configuration is never kept, wherever it stands."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowpit.ingest.privacy import HIDDEN, kept
from support.configured import configured

CANARY = "hunter2CANARY"
PLACES = {
    "flag": f"kube-apiserver --v=2 --token={CANARY} --etcd-servers=https://me:{CANARY}@etcd:2379 --oidc-client-secret {CANARY} --service-account-key={CANARY} --basic-auth={CANARY} --key {CANARY}\n",
    "pod": f"""\
apiVersion: v1
kind: Pod
metadata: {{name: kube-apiserver, annotations: {{note: {CANARY}}}}}
spec:
  containers:
  - name: kube-apiserver
    image: kube-apiserver:v1.28.1
    env: [{{name: PASSWORD, value: {CANARY}}}]
    command: [kube-apiserver, --v=2, "--basic-auth-password={CANARY}"]
""",
    "kubeconfig": f"""\
apiVersion: v1
kind: Config
users:
- name: admin
  user: {{token: {CANARY}, client-key-data: {CANARY}}}
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
kubeAPIQPS: 5
""",
    "secret": f"""\
apiVersion: v1
kind: Secret
metadata: {{name: a}}
stringData: {{kubeconfig: "kind: Policy {CANARY}"}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: a}}
data:
  prometheus.yml: |
    scrape_configs:
    - job_name: kubelet
      bearer_token: {CANARY}
      basic_auth: {{username: a, password: {CANARY}}}
""",
    "kubelet": f"""\
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
kubeAPIQPS: 5
staticPodURLHeader: {{Authorization: ["Bearer {CANARY}{CANARY}"]}}
""",
    "webhook": f"""\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {{name: a}}
webhooks:
- name: a.b.c
  clientConfig: {{caBundle: {CANARY}, url: "https://u:p@{CANARY}@h/"}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {{name: "hook token={CANARY}"}}
webhooks:
- name: a.b.c
""",
    "broken": f"apiVersion: v1\nkind: Pod\n  a: [{CANARY}\n---\napiVersion: v1\nkind: Node\nmetadata: {{name: a}}\n",
}


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_is_not_in_the_tables_nor_in_the_coverage(tmp_path: Path, place: str) -> None:
    with configured(tmp_path, {"a": PLACES[place]}) as (tables, coverage):
        rows = tables.run("SELECT * FROM settings")
        assert rows
        assert CANARY not in repr(rows)
        assert CANARY not in repr(coverage)


@given(
    st.sampled_from(["token", "oidc-client-secret", "etcd.password", "apiKey", "bearerToken", "caBundle"]),
    st.text("abcXYZ123!", min_size=8),
)
def test_what_is_named_a_secret_is_blanked(key: str, value: str) -> None:
    if not value.isdecimal():
        assert kept(key, value) == HIDDEN


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("token-auth-file", "/etc/tokens.csv"),
        ("service-account-lookup", "false"),
        ("authentication-token-webhook-cache-ttl", "2m0s"),
        ("enable-bootstrap-token-auth", "true"),
        ("max-requests-inflight", "400"),
        ("rules.0.resources.0.resources.0", "secrets"),
        ("authentication.webhook.cacheTTL", "0s"),
        ("etcd-keyfile", "/etc/kubernetes/pki/etcd/server.key"),
    ],
)
def test_harmless_values_stay_as_written(key: str, value: str) -> None:
    assert kept(key, value) == value
