"""Manifests of a plan: valid for the API of every release, and applicable."""

import base64
from typing import Any

import jsonpatch
import pytest
import yaml

from snowpit.errors import FactError
from snowpit.forecast.interventions import GUARD
from snowpit.forecast.manifests import PLACEHOLDER, USER, manifests
from snowpit.knowledge.version import Version
from support.kubernetes_schemas import RELEASES, mistakes, policy_mistakes

OBJECTS = ("client-certificate.yaml", "rbac.yaml", "review-guard.yaml")
DEPLOYMENT: dict[str, Any] = {
    "spec": {
        "template": {
            "spec": {
                "volumes": [{"name": "tmp-dir", "emptyDir": {}}],
                "containers": [
                    {
                        "args": ["--secure-port=4443"],
                        "volumeMounts": [{"name": "tmp-dir", "mountPath": "/scratch"}],
                    }
                ],
            }
        }
    }
}


def documents(release: str, name: str, **more: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(manifests(Version.parse(release), **more)[name]))


def patched(release: str) -> tuple[list[str], dict[str, str], dict[str, Any]]:
    """Arguments, mounts and volumes of metrics-server after the patch."""
    operations = yaml.safe_load(
        manifests(Version.parse("1.12"), metrics_server=release)["metrics-server-patch.yaml"]
    )
    pod = jsonpatch.apply_patch(DEPLOYMENT, operations)["spec"]["template"]["spec"]
    container = pod["containers"][0]
    return (
        container["args"],
        {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]},
        {volume.pop("name"): volume for volume in pod["volumes"]},
    )


@pytest.mark.parametrize("release", RELEASES)
def test_every_object_is_valid_for_its_release(release: str) -> None:
    found = manifests(Version.parse(release), metrics_server="0.3.6")
    checked = [
        mistakes(document, release)
        for name in OBJECTS
        if name in found
        for document in yaml.safe_load_all(found[name])
    ]
    assert len(checked) == (4 if release == "1.12" else 6)
    assert checked == [[]] * len(checked)


def test_the_schemas_refuse_what_another_release_has() -> None:
    level, _ = documents("1.29", "review-guard.yaml")
    level["apiVersion"] = "flowcontrol.apiserver.k8s.io/v1beta2"
    assert any("nominalConcurrencyShares" in mistake for mistake in mistakes(level, "1.23"))
    assert mistakes(level, "1.12") == [
        "1.12 has no flowcontrol.apiserver.k8s.io/v1beta2 PriorityLevelConfiguration"
    ]


@pytest.mark.parametrize(
    ("release", "api"),
    [
        ("1.18.0", "v1alpha1"),
        ("1.19.16", "v1alpha1"),
        ("1.20.0", "v1beta1"),
        ("1.22.17", "v1beta1"),
        ("1.23.0", "v1beta2"),
        ("1.26.0", "v1beta3"),
        ("1.28.9", "v1beta3"),
        ("1.29.0", "v1"),
        ("1.36", "v1"),
    ],
)
def test_the_guard_speaks_the_newest_api_of_its_release(release: str, api: str) -> None:
    found = documents(release, "review-guard.yaml")
    assert {one["apiVersion"] for one in found} == {f"flowcontrol.apiserver.k8s.io/{api}"}


@pytest.mark.parametrize(("release", "field"), [("1.25", "assured"), ("1.26", "nominal")])
def test_the_guard_is_the_level_that_the_forecast_simulates(release: str, field: str) -> None:
    level, schema = documents(release, "review-guard.yaml")
    limited = level["spec"]["limited"]
    queuing = limited["limitResponse"]["queuing"]
    assert level["metadata"]["name"] == GUARD.name
    assert limited[f"{field}ConcurrencyShares"] == GUARD.shares
    assert (queuing["queues"], queuing["queueLengthLimit"], queuing["handSize"]) == (
        GUARD.queues,
        GUARD.queue_length,
        GUARD.hand_size,
    )
    assert schema["spec"]["priorityLevelConfiguration"] == {"name": GUARD.name}


def test_reviews_of_kubelets_meet_the_guard_before_the_schema_of_nodes() -> None:
    _, schema = documents("1.30", "review-guard.yaml")
    assert 400 < schema["spec"]["matchingPrecedence"] < 500
    (rule,) = schema["spec"]["rules"]
    assert rule["subjects"] == [{"kind": "Group", "group": {"name": "system:nodes"}}]
    assert rule["resourceRules"][0]["resources"] == ["tokenreviews", "subjectaccessreviews"]


def test_a_release_without_priority_and_fairness_gets_no_guard() -> None:
    assert "review-guard.yaml" not in manifests(Version.parse("1.17.17"))


@pytest.mark.parametrize(
    ("release", "api", "signer"),
    [("1.12.4", "v1beta1", False), ("1.18.0", "v1beta1", True), ("1.19.0", "v1", True), ("1.33", "v1", True)],
)
def test_the_request_of_a_certificate_speaks_the_version(release: str, api: str, *, signer: bool) -> None:
    (request,) = documents(release, "client-certificate.yaml")
    assert request["apiVersion"] == f"certificates.k8s.io/{api}"
    assert ("signerName" in request["spec"]) is signer
    assert "client auth" in request["spec"]["usages"]


def test_a_request_that_nobody_filled_in_holds_no_certificate_request() -> None:
    (request,) = documents("1.12", "client-certificate.yaml")
    assert request["spec"]["request"] == PLACEHOLDER
    assert b"CERTIFICATE REQUEST" not in base64.b64decode(PLACEHOLDER)


@pytest.mark.parametrize("release", ["", "0.4.0", "v0.7.2"])
def test_a_metrics_server_with_arguments_for_it_shows_the_certificate(release: str) -> None:
    arguments, mounts, volumes = patched(release)
    folder = mounts["kubelet-client"]
    assert arguments == [
        "--secure-port=4443",
        f"--kubelet-client-certificate={folder}/tls.crt",
        f"--kubelet-client-key={folder}/tls.key",
    ]
    assert volumes["kubelet-client"] == {"secret": {"secretName": USER}}


def test_an_older_metrics_server_gets_a_kubeconfig() -> None:
    arguments, mounts, volumes = patched("0.3.6")
    assert arguments[1:] == [f"--kubeconfig={mounts['kubelet-client-config']}/kubeconfig"]
    assert volumes["kubelet-client-config"] == {"configMap": {"name": USER}}
    (config,) = documents("1.12", "metrics-server-kubeconfig.yaml", metrics_server="0.3.6")
    assert config["users"][0]["user"]["client-key"] == f"{mounts['kubelet-client']}/tls.key"
    bound = {one["roleRef"]["name"] for one in documents("1.12", "rbac.yaml", metrics_server="0.3.6")[1:]}
    assert bound == {USER, "system:metrics-server"}


@pytest.mark.parametrize(
    ("release", "read"),
    [("0.3.6", ["nodes/stats"]), ("0.6.1", ["nodes/metrics"]), ("", ["nodes/metrics", "nodes/stats"])],
)
def test_the_certificate_may_read_what_its_release_reads(release: str, read: list[str]) -> None:
    role = documents("1.20", "rbac.yaml", metrics_server=release)[0]
    assert role["rules"] == [{"apiGroups": [""], "resources": read, "verbs": ["get"]}]


def test_the_audit_policy_is_that_of_the_release_and_node() -> None:
    found = manifests(Version.parse("1.11"), node="worker-1")["audit-policy.yaml"]
    assert "audit.k8s.io/v1beta1" in found
    assert "system:node:worker-1" in found


@pytest.mark.parametrize("release", RELEASES)
def test_the_audit_policy_is_valid(release: str) -> None:
    (document,) = documents(release, "audit-policy.yaml")
    assert policy_mistakes(document) == []
    document["rules"][0]["omit"] = ["RequestReceived"]
    assert len(policy_mistakes(document)) == 1


@pytest.mark.parametrize("release", ["1.0", "latest", "0.x"])
def test_a_release_that_is_none_is_refused(release: str) -> None:
    with pytest.raises(FactError, match="not a release of metrics-server"):
        manifests(Version.parse("1.12"), metrics_server=release)


def test_a_manifest_that_holds_no_braces_is_filled_wholly() -> None:
    texts = [text for release in RELEASES for text in manifests(Version.parse(release)).values()]
    assert not [text for text in texts if "{{" in text or "{%" in text]
