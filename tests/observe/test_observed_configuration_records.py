"""Settings become records: programs, policies, levels, webhooks, scrapers, nodes."""

from pathlib import Path

import pytest

from snowpit.model.quantity import go_seconds, truth, whole
from snowpit.observe.configuration import configuration
from snowpit.store import Tables
from support.configured import records

DAEMON = """\
apiVersion: v1
kind: Pod
metadata:
  name: agent-{n}
  ownerReferences: [{{kind: DaemonSet, name: agent}}]
spec:
  nodeName: n{n}
  serviceAccountName: agent
  containers:
  - name: agent
    image: a/agent:1
    args: [--x=1]
    env: [{{name: NODE, valueFrom: {{fieldRef: {{fieldPath: spec.nodeName}}}}}}]
"""


def test_no_configuration_is_null() -> None:
    with Tables() as tables:
        assert configuration(tables) is None


def test_equal_pods_of_a_daemonset_are_one_program(tmp_path: Path) -> None:
    found = records(tmp_path, {"pods.yaml": "---\n".join(DAEMON.format(n=n) for n in range(3))})
    (process,) = found.processes
    assert (process.kind, process.instances, process.knows_node) == ("DaemonSet", 3, True)
    assert process.service_account == "agent"


def test_nodes_are_counted_by_release_and_readiness(tmp_path: Path) -> None:
    node = "apiVersion: v1\nkind: Node\nmetadata: {{name: n{}}}\nstatus:\n  nodeInfo: {{kubeletVersion: {}}}\n  conditions: [{{type: Ready, status: '{}'}}]\n"
    text = "---\n".join(
        [
            node.format(1, "v1.28.1", "True"),
            node.format(2, "v1.28.1", "Unknown"),
            node.format(3, "v1.27.1", "True"),
        ]
    )
    nodes = records(tmp_path, {"nodes.yaml": text}).nodes
    assert nodes is not None
    assert (nodes.count, nodes.ready, nodes.versions) == (3, 2, {"v1.28.1": 2, "v1.27.1": 1})


def test_rules_of_a_policy_keep_their_order_and_place(tmp_path: Path) -> None:
    text = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: None\n  users: [a.b]\n- level: Metadata\n  resources:\n  - group: apps\n"
    (policy,) = records(tmp_path, {"policy.yaml": text}).policies
    assert policy.omit_stages == ("RequestReceived",)
    assert [(rule.level, rule.users, rule.resources) for rule in policy.rules] == [
        ("None", ("a.b",), ()),
        ("Metadata", (), ("apps/*",)),
    ]
    assert [rule.pointer.line for rule in policy.rules if rule.pointer] == [5, 7]


@pytest.mark.parametrize("api", ["v1alpha1", "v1beta1", "v1beta2", "v1beta3", "v1"])
def test_a_priority_level_is_read_in_every_version_of_its_api(tmp_path: Path, api: str) -> None:
    shares = "nominalConcurrencyShares" if api in ("v1beta3", "v1") else "assuredConcurrencyShares"
    text = f"apiVersion: flowcontrol.apiserver.k8s.io/{api}\nkind: PriorityLevelConfiguration\nmetadata: {{name: a}}\nspec:\n  type: Limited\n  limited: {{{shares}: 30, limitResponse: {{type: Queue, queuing: {{queues: 64, queueLengthLimit: 50, handSize: 6}}}}}}\n"
    (level,) = records(tmp_path, {"level.yaml": text}).levels
    assert (level.shares, level.queues, level.queue_length, level.hand_size) == (30, 64, 50, 6)


JOB = "scrape_configs:\n- job_name: kubelet\n  scrape_interval: 30s\n  kubernetes_sd_configs: [{{role: node}}]\n  {}\n"


@pytest.mark.parametrize(
    ("line", "credential"),
    [
        ("bearer_token_file: /var/run/secrets/kubernetes.io/serviceaccount/token", "ServiceAccount token"),
        ("bearer_token_file: /etc/prometheus/token", "static token"),
        ("bearer_token: abc", "static token"),
        ("tls_config: {cert_file: /etc/client.crt}", "client certificate"),
        ("scheme: https", "not told"),
    ],
)
def test_the_credential_of_a_scraper_is_told(tmp_path: Path, line: str, credential: str) -> None:
    (scraper,) = records(tmp_path, {"prometheus.yml": JOB.format(line)}).scrapers
    assert (scraper.credential, scraper.period_s) == (credential, 30.0)


def test_dumps_become_the_state_of_levels(tmp_path: Path) -> None:
    levels = "PriorityLevelName, ActiveQueues, IsIdle, IsQuiescing, WaitingRequests, ExecutingRequests, DispatchedRequests, RejectedRequests, TimedoutRequests, CancelledRequests\nsystem, 1, false, false, 7, 74, 100, 3, 2, 0\n"
    requests = "PriorityLevelName, FlowSchemaName, QueueIndex, RequestIndexInQueue, FlowDistingsher, ArriveTime\nsystem, system-nodes, 1, 0, a, 2024-01-02T03:04:05Z\n"
    (state,) = records(tmp_path, {"levels": levels, "requests": requests}).states
    assert (state.waiting, state.executing, state.rejected, state.timed_out) == (7, 74, 3, 2)
    assert state.flows == (("system-nodes/a", 1),)


def test_quantities_are_read_as_go_writes_them() -> None:
    assert [go_seconds(text) for text in ("1h2m3s", "1.5s", "250ms", "-1s", "", "5")] == [
        3723.0,
        1.5,
        0.25,
        -1.0,
        None,
        None,
    ]
    assert [whole(text) for text in ("12", "-1", "1.5", "")] == [12, -1, None, None]
    assert [truth(text) for text in ("True", "0", "maybe")] == [True, False, None]
