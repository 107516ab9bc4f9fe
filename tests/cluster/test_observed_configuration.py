"""Flags and files become parameters of the control plane, each with file and line."""

from pathlib import Path

import pytest

from snowpit.cluster.control_plane import NO_LIMIT, build
from snowpit.cluster.observed import told
from snowpit.knowledge.version import Version
from support.configured import records

LINE = "kube-apiserver --max-requests-inflight={} --request-timeout=2m0s --v=2\n"


def test_a_flag_becomes_a_value_with_its_line(tmp_path: Path) -> None:
    found = told(records(tmp_path, {"flags.txt": LINE.format(800)}), Version(1, 28))
    limit = found.values["max_requests_inflight"]
    assert (limit.value, limit.source) == (800, "observed")
    assert limit.reference.endswith("flags.txt:1")
    assert found.values["request_timeout_s"].value == 120.0


def test_the_queue_wait_follows_the_request_timeout_where_there_are_queues(tmp_path: Path) -> None:
    configuration = records(tmp_path, {"flags.txt": LINE.format(800)})
    assert told(configuration, Version(1, 28)).values["queue_wait_limit_s"].value == 30.0
    assert "queue_wait_limit_s" not in told(configuration, Version(1, 12)).values


@pytest.mark.parametrize(("version", "meaning"), [((1, 12), "turns the gate off"), ((1, 28), "adds nothing")])
def test_zero_is_no_limit_with_its_meaning(tmp_path: Path, version: tuple[int, int], meaning: str) -> None:
    configuration = records(tmp_path, {"flags.txt": LINE.format(0)})
    found = told(configuration, Version(*version)).values
    assert meaning in found["max_requests_inflight"].reference
    assert build(version=Version(*version), observed=found).limit("readonly") == NO_LIMIT


def test_servers_that_differ_are_stated_and_the_weaker_one_counts(tmp_path: Path) -> None:
    texts = {"a.txt": LINE.format(800), "b.txt": LINE.format(400)}
    found = told(records(tmp_path, texts), None)
    (conflict,) = found.conflicts
    assert "400" in conflict
    assert "800" in conflict
    assert found.values["max_requests_inflight"].value == 400


def test_the_user_s_limit_wins(tmp_path: Path) -> None:
    found = told(records(tmp_path, {"flags.txt": LINE.format(800)}), None)
    plane = build(version=None, limits={"readonly": 100}, observed=found.values)
    assert plane.limit("readonly") == 100


def test_zero_in_a_kubelet_s_file_is_the_default_and_in_a_running_one_zero(tmp_path: Path) -> None:
    file = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nauthentication: {webhook: {cacheTTL: 0s}}\n"
    running = '{"kubeletconfig":{"authentication":{"webhook":{"cacheTTL":"0s"}}}}\n'
    assert "kubelet_review_cache_ok_s" not in told(records(tmp_path, {"a.yaml": file}), None).values
    assert told(records(tmp_path, {"b.json": running}), None).values["kubelet_review_cache_ok_s"].value == 0.0


def test_nothing_observed_tells_nothing() -> None:
    assert told(None, None) == ({}, ())


def test_a_flag_that_one_server_lacks_is_stated(tmp_path: Path) -> None:
    pod = (
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: kube-apiserver-{}}}\nspec:\n  nodeName: {}\n  containers:\n"
        "  - name: a\n    command: [kube-apiserver, --etcd-servers=a, --v=2{}]\n"
    )
    texts = {"a.yaml": pod.format("a", "a", ", --goaway-chance=0.001"), "b.yaml": pod.format("b", "b", "")}
    assert told(records(tmp_path, texts), None).conflicts == (
        "--goaway-chance is not set on b: the default holds there.",
    )
