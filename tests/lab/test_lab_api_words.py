"""What requests ask for, the bodies of refusals, selectors, and who may do what."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowpit.cluster.control_plane import build
from snowpit.knowledge.version import Version
from snowpit.lab.api import bootstrap, status
from snowpit.lab.api.info import request_info
from snowpit.lab.api.rbac import Authorizer
from snowpit.lab.api.resources import table
from snowpit.lab.api.selectors import SelectorError, keep_by
from snowpit.lab.clock import Clock
from snowpit.lab.exchange import Exchange, RequestInfo, User
from snowpit.lab.storage import Store
from snowpit.lab.wire import Request


@pytest.mark.parametrize(
    ("method", "path", "query", "asked"),
    [
        ("GET", "/api/v1/nodes", {}, ("list", "", "v1", "nodes", "", "", "")),
        ("HEAD", "/api/v1/nodes/n1", {}, ("get", "", "v1", "nodes", "", "", "n1")),
        ("GET", "/api/v1/watch/nodes", {}, ("watch", "", "v1", "nodes", "", "", "")),
        ("GET", "/api/v1/nodes", {"watch": "true"}, ("watch", "", "v1", "nodes", "", "", "")),
        ("GET", "/api/v1/nodes", {"watch": "0"}, ("list", "", "v1", "nodes", "", "", "")),
        (
            "GET",
            "/api/v1/nodes",
            {"fieldSelector": "metadata.name=n1"},
            ("list", "", "v1", "nodes", "", "", "n1"),
        ),
        ("GET", "/api/v1/namespaces", {}, ("list", "", "v1", "namespaces", "", "", "")),
        ("GET", "/api/v1/namespaces/a", {}, ("get", "", "v1", "namespaces", "", "a", "a")),
        ("PUT", "/api/v1/namespaces/a/status", {}, ("update", "", "v1", "namespaces", "status", "a", "a")),
        (
            "POST",
            "/api/v1/namespaces/a/pods/p/binding",
            {},
            ("create", "", "v1", "pods", "binding", "a", "p"),
        ),
        ("DELETE", "/api/v1/namespaces/a/pods", {}, ("deletecollection", "", "v1", "pods", "", "a", "")),
        (
            "PUT",
            "/apis/coordination.k8s.io/v1beta1/namespaces/kube-node-lease/leases/n1",
            {},
            ("update", "coordination.k8s.io", "v1beta1", "leases", "", "kube-node-lease", "n1"),
        ),
    ],
)
def test_requests_about_resources(
    method: str, path: str, query: dict[str, str], asked: tuple[str, ...]
) -> None:
    assert request_info(method, path, query)[:8] == (True, *asked)


@pytest.mark.parametrize(
    "path", ["/", "/api", "/api/v1", "/apis", "/apis/apps", "/apis/apps/v1", "/metrics", "//", "/api//"]
)
def test_requests_about_no_resource(path: str) -> None:
    info = request_info("GET", path, {})
    assert (info.resource_request, info.verb, info.path) == (False, "get", path)


@given(st.sampled_from(["GET", "POST", "BREW"]), st.text("/apis.v1-ü%\0", max_size=30), st.text(max_size=20))
def test_no_path_breaks_the_reading(method: str, path: str, selector: str) -> None:
    info = request_info(method, f"/{path}", {"fieldSelector": selector, "watch": selector})
    assert info.path == f"/{path}"


def exchange(method: str, path: str, user: User) -> Exchange:
    return Exchange(Request(method=method, path=path), request_info(method, path, {}), 0.0, "id", user=user)


@pytest.mark.parametrize(
    ("method", "path", "message", "details"),
    [
        (
            "GET",
            "/api/v1/nodes",
            'nodes is forbidden: User "x" cannot list resource "nodes" in API group "" at the cluster scope',
            {"kind": "nodes"},
        ),
        (
            "PATCH",
            "/api/v1/nodes/n1/status",
            'nodes "n1" is forbidden: User "x" cannot patch resource "nodes/status" in API group "" at the cluster scope',
            {"name": "n1", "kind": "nodes"},
        ),
        (
            "POST",
            "/apis/apps/v1/namespaces/a/deployments",
            'deployments.apps is forbidden: User "x" cannot create resource "deployments" in API group "apps" in the namespace "a"',
            {"group": "apps", "kind": "deployments"},
        ),
        ("GET", "/metrics", 'forbidden: User "x" cannot get path "/metrics"', {}),
    ],
)
def test_403_says_who_may_not_do_what(method: str, path: str, message: str, details: dict[str, str]) -> None:
    answer = status.forbidden(exchange(method, path, User("x")))
    found = json.loads(answer.body)
    assert (answer.status, found["message"], found["details"], found["code"]) == (403, message, details, 403)


def test_bodies_of_overload_by_version() -> None:
    old, middle, new = (build(version=Version.parse(text)) for text in ("1.12.4", "1.17.0", "1.24.0"))
    assert status.handler_timeout(old).body.decode() == (
        '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Timeout: request did not complete'
        ' within requested timeout 30s","reason":"Timeout","details":{},"code":504}\n'
    )
    assert b"requested timeout 34s" in status.handler_timeout(middle).body
    assert b"requested timeout - context deadline exceeded" in status.handler_timeout(new).body
    assert b'"message":"Timeout: request did not complete within 1m0s"' in status.filter_timeout(old).body
    assert b"within the allotted timeout" in status.filter_timeout(new).body
    assert b'"kind"' not in status.filter_timeout(old).body
    refused = status.too_many()
    assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
    assert refused.body == b"Too many requests, please try again later.\n"
    assert status.unauthorized().body.decode() == (
        '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized",'
        '"reason":"Unauthorized","code":401}\n'
    )


LABELS = {"app": "web", "tier": "front"}


@pytest.mark.parametrize(
    ("selector", "fits"),
    [
        ("app=web", True),
        ("app==web,tier!=back", True),
        ("app!=web", False),
        ("app in (web, db),tier", True),
        ("app notin (web)", False),
        ("other notin (web)", True),
        ("!other", True),
        ("!app", False),
        ("other", False),
        ("app=", False),
    ],
)
def test_label_selectors(selector: str, fits: bool) -> None:  # noqa: FBT001
    keep = keep_by(selector, "", "pods")
    assert keep is not None
    assert keep({"metadata": {"labels": LABELS}}) is fits


def test_field_selectors_know_the_fields_of_a_resource() -> None:
    pod = {"metadata": {"name": "p", "namespace": "a"}, "spec": {"nodeName": "n1"}}
    for selector, fits in (
        ("spec.nodeName=n1", True),
        ("spec.nodeName!=n1", False),
        ("metadata.name=p,status.phase=", True),
    ):
        keep = keep_by("", selector, "pods")
        assert keep is not None
        assert keep(pod) is fits
    with pytest.raises(SelectorError, match=r"field label not supported: spec\.nodeName"):
        keep_by("", "spec.nodeName=n1", "secrets")
    assert keep_by("", "", "pods") is None


@given(st.text("ab=!,() in/.-", max_size=40))
def test_no_selector_breaks_the_server(text: str) -> None:
    try:
        keep = keep_by(text, text, "pods")
    except SelectorError:
        return
    assert keep is None or keep({"metadata": {}}) in (True, False)


def authorizer(*more: tuple[str, dict[str, Any]], version: str = "1.12.4") -> Authorizer:
    store = Store(":memory:", Clock(0.0, 0))
    store.load(bootstrap.objects(Version.parse(version)), stamp=0)
    store.load(more, stamp=0)
    return Authorizer(store)


def may(who: Authorizer, user: User, method: str, path: str) -> bool:
    return who.decide(user, request_info(method, path, {}))[0]


ANYBODY = User("jane", groups=("system:authenticated",))
NODE = User("system:node:n1", groups=("system:nodes", "system:authenticated"))
REVIEWS = "/apis/authentication.k8s.io/v1beta1/tokenreviews"


def test_masters_may_do_everything_and_others_what_discovery_needs() -> None:
    who = authorizer()
    assert may(who, User("admin", groups=("system:masters",)), "DELETE", "/api/v1/nodes/n1")
    assert may(who, ANYBODY, "GET", "/apis/apps/v1")
    assert may(who, ANYBODY, "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
    assert not may(who, ANYBODY, "GET", "/metrics")
    assert not may(who, ANYBODY, "GET", "/api/v1/nodes")
    anonymous = User("system:anonymous", groups=("system:unauthenticated",))
    assert may(who, anonymous, "GET", "/api")
    later = authorizer(version="1.14.0")
    assert not may(later, anonymous, "GET", "/api")
    assert may(later, anonymous, "GET", "/healthz")


def test_a_kubelet_may_touch_what_is_its_own() -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "a"},
        "spec": {
            "nodeName": "n1",
            "serviceAccountName": "robot",
            "volumes": [
                {"secret": {"secretName": "mine"}},
                {"projected": {"sources": [{"configMap": {"name": "conf"}}]}},
            ],
            "containers": [{"env": [{"valueFrom": {"secretKeyRef": {"name": "key"}}}]}],
        },
    }
    who = authorizer(("pods", pod))
    allowed = [
        ("POST", REVIEWS),
        ("PATCH", "/api/v1/nodes/n1/status"),
        ("PUT", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n1"),
        ("GET", "/api/v1/namespaces/a/secrets/mine"),
        ("GET", "/api/v1/namespaces/a/secrets/key"),
        ("GET", "/api/v1/namespaces/a/configmaps/conf"),
        ("PATCH", "/api/v1/namespaces/a/pods/p/status"),
        ("POST", "/api/v1/namespaces/a/serviceaccounts/robot/token"),
    ]
    refused = [
        ("PATCH", "/api/v1/nodes/n2/status"),
        ("PUT", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n2"),
        ("GET", "/api/v1/namespaces/a/secrets/theirs"),
        ("GET", "/api/v1/secrets"),
        ("PUT", "/api/v1/namespaces/a/secrets/mine"),
        ("POST", "/api/v1/namespaces/a/serviceaccounts/other/token"),
        ("DELETE", "/api/v1/nodes/n1"),
    ]
    assert [path for method, path in allowed if not may(who, NODE, method, path)] == []
    assert [path for method, path in refused if may(who, NODE, method, path)] == []


def test_bindings_hold_where_they_are_and_as_long_as_they_are() -> None:
    robot = User("system:serviceaccount:a:robot", groups=("system:serviceaccounts",))
    account = {"kind": "ServiceAccount", "name": "robot", "namespace": "a"}
    store = Store(":memory:", Clock(0.0, 0))
    store.load(bootstrap.objects(None), stamp=0)
    who = Authorizer(store)
    assert not may(who, robot, "GET", "/api/v1/namespaces/a/pods")
    store.load([bootstrap.binding("robots", "view", account, namespace="a")], stamp=0)
    assert may(who, robot, "GET", "/api/v1/namespaces/a/pods")
    assert not may(who, robot, "GET", "/api/v1/namespaces/b/pods")
    assert not may(who, robot, "GET", "/api/v1/pods")
    store.load([bootstrap.binding("robots", "view", account)], stamp=0)
    assert may(who, robot, "GET", "/api/v1/pods")


def test_rules_name_verbs_subresources_and_objects() -> None:
    rule = {
        "verbs": ["get", "patch"],
        "apiGroups": [""],
        "resources": ["nodes/status", "*/log"],
        "resourceNames": ["n1"],
    }
    who = authorizer(
        bootstrap.cluster_role("r", rule), bootstrap.binding("r", "r", {"kind": "User", "name": "jane"})
    )
    assert may(who, ANYBODY, "PATCH", "/api/v1/nodes/n1/status")
    assert may(who, ANYBODY, "GET", "/api/v1/namespaces/a/pods/n1/log")
    for method, path in (
        ("PATCH", "/api/v1/nodes/n2/status"),
        ("PATCH", "/api/v1/nodes/n1"),
        ("PUT", "/api/v1/nodes/n1/status"),
    ):
        assert not may(who, ANYBODY, method, path)


def test_resources_come_and_go_with_versions() -> None:
    def versions(release: str, group: str, name: str) -> tuple[str, ...]:
        found = table(Version.parse(release)).get((group, name))
        return found.versions if found else ()

    assert versions("1.12.4", "coordination.k8s.io", "leases") == ("v1beta1",)
    assert versions("1.14.0", "coordination.k8s.io", "leases") == ("v1", "v1beta1")
    assert versions("1.22.0", "authentication.k8s.io", "tokenreviews") == ("v1",)
    assert versions("1.12.4", "flowcontrol.apiserver.k8s.io", "flowschemas") == ()
    assert versions("1.20.0", "flowcontrol.apiserver.k8s.io", "flowschemas") == ("v1beta1",)
    assert "token" not in table(Version.parse("1.11.0"))["", "serviceaccounts"].subresources
    assert RequestInfo(resource_request=True, verb="list").read_only
