"""Protobuf as kubectl sends it: bodies of kubectl 1.33, and broken ones."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowpit.lab.api import protobuf
from support.lab_api import Asked, on_api

HEADERS = {"content-type": "application/vnd.kubernetes.protobuf"}
META = b'\x12\x00\x1a\x00"\x00*\x002\x008\x00B\x00'
TAIL = b'\x1a\x00"\x00'
ACCOUNT = b"k8s\x00\n\x14\n\x02v1\x12\x0eServiceAccount\x12\x17\n\x15\n\x05robot" + META + TAIL
TOKEN = (
    b"k8s\x00\n(\n\x18authentication.k8s.io/v1\x12\x0cTokenRequest\x120\n\x10\n\x00" + META
    + b'\x12\x16\n\x01a\x1a\x0e\n\x03Pod\x12\x02v1\x1a\x01p"\x00 \xb0\t\x1a\x04\n\x00\x12\x00' + TAIL
)  # fmt: skip
ACCESS = (
    b"k8s\x00\n2\n\x17authorization.k8s.io/v1\x12\x17SelfSubjectAccessReview\x129\n\x10\n\x00" + META
    + b'\x12\x1b\n\x19\n\x01x\x12\x03get\x1a\x00"\x00*\x04pods2\x00:\x03log\x1a\x08\x08\x00\x12\x00\x1a\x00 \x00' + TAIL
)  # fmt: skip
CONFIG = (
    b"k8s\x00\n\x0f\n\x02v1\x12\tConfigMap\x12\x1b\n\x11\n\x01c" + META + b"\x12\x06\n\x01a\x12\x01b" + TAIL
)
SECRET = (
    b"k8s\x00\n\x0c\n\x02v1\x12\x06Secret\x12\x1d\n\x11\n\x01s"
    + META
    + b"\x12\x06\n\x01a\x12\x01b\x1a\x00"
    + TAIL
)
SPACE = b"k8s\x00\n\x0f\n\x02v1\x12\tNamespace\x12\x19\n\x11\n\x01n" + META + b"\x12\x00\x1a\x02\n\x00" + TAIL
BINDING = (
    b"k8s\x00\n2\n\x1crbac.authorization.k8s.io/v1\x12\x12ClusterRoleBinding\x12k\n\x11\n\x01r" + META
    + b'\x12&\n\x04User\x12\x19rbac.authorization.k8s.io\x1a\x01x"\x00'
    + b"\x1a.\n\x19rbac.authorization.k8s.io\x12\x0bClusterRole\x1a\x04view" + TAIL
)  # fmt: skip


@pytest.mark.parametrize(
    ("body", "item"),
    [
        (ACCOUNT, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}}),
        (
            TOKEN,
            {
                "apiVersion": "authentication.k8s.io/v1",
                "kind": "TokenRequest",
                "metadata": {},
                "spec": {
                    "audiences": ["a"],
                    "boundObjectRef": {"kind": "Pod", "apiVersion": "v1", "name": "p"},
                    "expirationSeconds": 1200,
                },
            },
        ),
        (
            ACCESS,
            {
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SelfSubjectAccessReview",
                "metadata": {},
                "spec": {
                    "resourceAttributes": {"namespace": "x", "verb": "get", "resource": "pods", "name": "log"}
                },
            },
        ),
        (CONFIG, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "b"}}),
        (SECRET, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "Yg=="}}),
        (SPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}),
    ],
)
def test_bodies_of_kubectl_are_read(body: bytes, item: dict[str, Any]) -> None:
    assert protobuf.decode(body) == item


def test_kubectl_makes_objects_and_asks_what_it_may() -> None:
    async def body(api: Asked) -> None:
        spaces = "/api/v1/namespaces"
        for path, sent in (
            (f"{spaces}/default/serviceaccounts", ACCOUNT),
            (f"{spaces}/default/configmaps", CONFIG),
            (f"{spaces}/default/secrets", SECRET),
            (spaces, SPACE),
            ("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", BINDING),
        ):
            assert (await api.raw("POST", path, sent, headers=HEADERS)).status == 201, path
        answer = await api.raw(
            "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", ACCESS, headers=HEADERS
        )
        assert json.loads(answer.body)["status"] == {"allowed": True}
        _, found = await api.ask("GET", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/r")
        assert (found["roleRef"]["name"], found["subjects"][0]["name"]) == ("view", "x")

    on_api(body, "1.28.0")


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"", 400),
        (b"{}", 400),
        (b"k8s\x00", 415),
        (CONFIG[:-7], 400),
        (CONFIG[:40], 400),
        (CONFIG + b"\xff" * 11, 400),
        (CONFIG.replace(b"\tConfigMap", b"\tConfigXap"), 415),
        (CONFIG.replace(b"\x12\x06\n\x01a", b"\x5a\x06\n\x01a"), 415),
        (CONFIG.replace(b"\n\x01a\x12\x01b", b"\n\x01\xff\x12\x01b"), 400),
        (CONFIG.replace(b"\n\x01a\x12\x01b", b"\n\x01a\x18\x01\x18"), 400),
        (SECRET, 400),
    ],
)
def test_other_protobuf_is_refused(sent: bytes, code: int) -> None:
    async def body(api: Asked) -> None:
        answer = await api.raw("POST", "/api/v1/namespaces/default/configmaps", sent, headers=HEADERS)
        assert answer.status == code

    on_api(body)


@given(st.sampled_from([TOKEN, ACCESS, CONFIG, SECRET, BINDING]), st.integers(0, 200), st.binary(max_size=4))
def test_no_bytes_break_the_reading(whole: bytes, at: int, other: bytes) -> None:
    sent = whole[:at] + other + whole[at + len(other) :]
    try:
        found = protobuf.decode(sent)
    except (protobuf.BrokenError, protobuf.UnreadError):
        return
    assert isinstance(json.dumps(found), str)
