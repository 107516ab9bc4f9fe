"""Flags and settings are found in every shape that configuration comes in, with their lines."""

from pathlib import Path

import pytest

from support.configured import balanced, configured, settings, values

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: kube-apiserver-master-1
  namespace: kube-system
spec:
  nodeName: master-1
  containers:
  - name: kube-apiserver
    image: registry.k8s.io/kube-apiserver:v1.28.3
    command:
    - kube-apiserver
    - --max-requests-inflight=800
    - --max-mutating-requests-inflight
    - "300"
    - --anonymous-auth
"""

SHAPES = {
    "static pod": POD,
    "list": "apiVersion: v1\nitems:\n"
    + "".join(f"{'- ' if number == 0 else '  '}{line}\n" for number, line in enumerate(POD.splitlines()))
    + "kind: List\n",
    "indented list": "kind: PodList\napiVersion: v1\nitems:\n"
    + "".join(f"{'  - ' if number == 0 else '    '}{line}\n" for number, line in enumerate(POD.splitlines())),
    "shell": """\
apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver}
spec:
  containers:
  - name: kube-apiserver
    command:
    - /bin/sh
    - -c
    - exec /usr/local/bin/kube-apiserver --max-requests-inflight=800 --max-mutating-requests-inflight=300 >>/var/log/a.log 2>&1
""",
    "arguments": """\
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  containers:
  - name: x
    command: [/go-runner]
    args: [--log-file=/x, /usr/local/bin/kube-apiserver, --max-requests-inflight=800, --max-mutating-requests-inflight=300]
""",
    "openshift": """\
apiVersion: kubecontrolplane.config.openshift.io/v1
kind: KubeAPIServerConfig
apiServerArguments:
  max-requests-inflight: ["800"]
  max-mutating-requests-inflight:
  - "300"
""",
    "kubeadm": """\
apiVersion: kubeadm.k8s.io/v1beta3
kind: ClusterConfiguration
kubernetesVersion: v1.28.3
apiServer:
  extraArgs:
    max-requests-inflight: "800"
    max-mutating-requests-inflight: "300"
""",
    "kubeadm v1beta4": """\
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
apiServer:
  extraArgs:
  - {name: max-requests-inflight, value: "800"}
  - {name: max-mutating-requests-inflight, value: "300"}
""",
    "kubeadm in a ConfigMap": """\
apiVersion: v1
kind: ConfigMap
metadata: {name: kubeadm-config}
data:
  ClusterConfiguration: |
    apiVersion: kubeadm.k8s.io/v1beta3
    kind: ClusterConfiguration
    apiServer:
      extraArgs: {max-requests-inflight: "800", max-mutating-requests-inflight: "300"}
""",
    "kops": """\
apiVersion: kops.k8s.io/v1alpha2
kind: Cluster
metadata: {name: c}
spec:
  kubernetesVersion: 1.28.3
  kubeAPIServer: {maxRequestsInflight: 800, maxMutatingRequestsInflight: 300}
""",
    "command line": "kube-apiserver --max-requests-inflight=800 --max-mutating-requests-inflight=300\n",
    "continued": "/usr/bin/kube-apiserver \\\n  --max-requests-inflight=800 \\\n  --max-mutating-requests-inflight=300\n",
    "ps": (
        "UID        PID  PPID  C STIME TTY          TIME CMD\n"
        "root         1     0  0 Jan01 ?        00:00:01 /sbin/init\n"
        "root      1234     1 99 Jan01 ?        01:00:00 kube-apiserver --max-requests-inflight=800"
        " --max-mutating-requests-inflight=300\n"
    ),
    "systemd": (
        "[Unit]\nDescription=API server\n\n[Service]\n"
        "ExecStart=/usr/local/bin/kube-apiserver \\\n  --max-requests-inflight=800 \\\n"
        "  --max-mutating-requests-inflight=300\nRestart=always\n"
    ),
    "flag dump": 'FLAG: --max-requests-inflight="800"\nFLAG: --max-mutating-requests-inflight="300"\nFLAG: --v="2"\n',
    "environment file": 'KUBE_APISERVER_ARGS="--max-requests-inflight=800 --max-mutating-requests-inflight=300"\n',
    "drop-in": '[Service]\nEnvironment="APISERVER_ARGS=--max-requests-inflight=800 --max-mutating-requests-inflight=300"\n',
    "template": '{"kind": "Pod", "apiVersion": "v1", {{extra}} "spec": {"containers": [{"command": [\n"kube-apiserver",\n'
    '"--max-requests-inflight=800", "--max-mutating-requests-inflight=300", {{params}}\n]}]}}\n',
}


@pytest.mark.parametrize("shape", SHAPES)
def test_both_limits_are_found_in_every_shape(tmp_path: Path, shape: str) -> None:
    found = values(tmp_path, SHAPES[shape])
    assert (found["max-requests-inflight"], found["max-mutating-requests-inflight"]) == ("800", "300")


@pytest.mark.parametrize("shape", SHAPES)
def test_every_line_of_every_shape_is_accounted_for(tmp_path: Path, shape: str) -> None:
    with configured(tmp_path, {"config": SHAPES[shape]}) as (_, coverage):
        assert balanced(coverage)
        assert coverage.rejected == 0


@pytest.mark.parametrize(
    "shape", ["static pod", "list", "indented list", "continued", "systemd", "kubeadm", "template"]
)
def test_a_flag_has_the_line_it_stands_in(tmp_path: Path, shape: str) -> None:
    lines = SHAPES[shape].splitlines()
    expected = next(number for number, line in enumerate(lines, 1) if "max-requests-inflight" in line)
    rows = settings(tmp_path, SHAPES[shape])
    assert [row[4] for row in rows if row[2] == "max-requests-inflight"] == [expected]


def test_lines_inside_a_config_map_are_those_of_the_file(tmp_path: Path) -> None:
    rows = settings(tmp_path, "# a comment\n---\n" + SHAPES["kubeadm in a ConfigMap"])
    assert [row[4] for row in rows if row[2] == "max-requests-inflight"] == [11]


def test_the_release_comes_from_the_image_and_the_server_from_the_node(tmp_path: Path) -> None:
    with configured(tmp_path, {"pod.yaml": POD}) as (_, coverage):
        assert coverage.files[0].versions == ("v1.28.3",)
        assert coverage.files[0].servers == ("master-1",)


def test_json_and_yaml_of_one_object_give_the_same_settings(tmp_path: Path) -> None:
    yaml = "kind: KubeletConfiguration\napiVersion: kubelet.config.k8s.io/v1beta1\nkubeAPIQPS: 50\nfeatureGates: {A: true}\n"
    json = '{"kind":"KubeletConfiguration","apiVersion":"kubelet.config.k8s.io/v1beta1","kubeAPIQPS":50,"featureGates":{"A":true}}\n'
    assert values(tmp_path, yaml) == values(tmp_path, json)


@pytest.mark.parametrize(
    "text",
    [
        '{"major": "1", "minor": "28", "gitVersion": "v1.28.3"}\n',
        '{"clientVersion": {"gitVersion": "v1.30.0"}, "serverVersion": {"major": "1", "gitVersion": "v1.28.3"}}\n',
        "clientVersion:\n  gitVersion: v1.30.0\nserverVersion:\n  gitVersion: v1.28.3\n",
        "Client Version: v1.30.0\nKustomize Version: v5.0.1\nServer Version: v1.28.3\n",
        'Server Version: version.Info{Major:"1", Minor:"28", GitVersion:"v1.28.3", GitCommit:"abc"}\n',
    ],
)
def test_the_version_of_the_server_is_read_in_all_its_shapes(tmp_path: Path, text: str) -> None:
    with configured(tmp_path, {"version": text}) as (_, coverage):
        assert coverage.files[0].versions == ("v1.28.3",)


def test_objects_of_no_use_are_named(tmp_path: Path) -> None:
    texts = {"a.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\n" + POD}
    with configured(tmp_path, texts) as (_, coverage):
        assert "objects of no use here: 1 Service" in coverage.files[0].notes
        assert coverage.files[0].other_lines == 3


def test_a_broken_manifest_is_rejected_with_its_place(tmp_path: Path) -> None:
    text = POD + "---\napiVersion: v1\nkind: Pod\n  bad: [indent\n---\n" + POD
    with configured(tmp_path, {"a.yaml": text}) as (tables, coverage):
        (reject,) = coverage.files[0].rejected_at
        assert (reject.reason, reject.line) == ("broken manifest", len(POD.splitlines()) + 1)
        assert text.encode()[reject.offset :].startswith(b"---\napiVersion")
        assert tables.run("SELECT count(*) FROM settings WHERE key = 'max-requests-inflight'") == [(2,)]


def test_dumps_of_priority_and_fairness_are_counted_by_flow(tmp_path: Path) -> None:
    head = (
        "PriorityLevelName, FlowSchemaName, QueueIndex, RequestIndexInQueue, FlowDistingsher, ArriveTime,\n"
    )
    row = "system, system-nodes, {}, 0, system:node:a, 2024-01-02T03:04:05.000000000Z,\n"
    found = values(tmp_path, head + "".join(map(row.format, range(3))))
    assert found == {"system-nodes/system:node:a": "3"}


def test_a_dump_of_flags_tells_whose_it_is_by_its_flags(tmp_path: Path) -> None:
    text = 'FLAG: --v="2"\nFLAG: --etcd-servers="[https://a:2379]"\nFLAG: --goaway-chance="0"\n'
    rows = settings(tmp_path, text)
    assert {row[0] for row in rows} == {"kube-apiserver"}
    assert [row[4] for row in rows] == [1, 2, 3]
