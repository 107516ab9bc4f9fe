"""Reviews of tokens and of access, discovery and health."""

from typing import Any

import pytest

from snowpit.cluster.workload import Delay
from snowpit.lab.api import bootstrap
from snowpit.lab.api.info import request_info
from snowpit.lab.exchange import User
from support.lab_api import CLOCK, Asked, on_api

REVIEWS = "/apis/authentication.k8s.io/v1beta1/tokenreviews"
ACCESS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
JANE = User("jane", groups=("system:authenticated",))


def review(token: object, **spec: Any) -> dict[str, Any]:
    return {
        "kind": "TokenReview",
        "apiVersion": "authentication.k8s.io/v1beta1",
        "spec": {"token": token, **spec},
    }


def test_a_token_is_reviewed_and_the_answer_echoes_it() -> None:
    async def body(api: Asked) -> None:
        assert await api.ask("POST", REVIEWS, review("good")) == (
            201,
            {
                "kind": "TokenReview",
                "apiVersion": "authentication.k8s.io/v1beta1",
                "metadata": {"creationTimestamp": None},
                "spec": {"token": "good"},
                "status": {
                    "authenticated": True,
                    "user": {
                        "username": "system:serviceaccount:kube-system:robot",
                        "uid": "uid-1",
                        "groups": ["system:serviceaccounts", "system:authenticated"],
                    },
                },
            },
        )
        assert CLOCK.now() == 1.25

    on_api(body, review_service=Delay(mean_s=0.25))


def test_what_the_chain_refuses_is_no_error_of_the_request() -> None:
    async def body(api: Asked) -> None:
        code, found = await api.ask("POST", REVIEWS, review("revoked"))
        error = "[invalid bearer token, Token has been invalidated]"
        assert (code, found["status"]) == (201, {"user": {}, "error": error})
        code, found = await api.ask("POST", REVIEWS, review("unknown"))
        assert (code, found["status"]) == (201, {"user": {}})

    on_api(body)


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"spec": {}},
        review(""),
        review(None),
        review(5),
        {"spec": 5},
        review("x", audiences=5),
        review("x", audiences=[5]),
    ],
)
def test_a_review_without_a_token_is_refused_at_once(item: object) -> None:
    async def body(api: Asked) -> None:
        code, found = await api.ask("POST", REVIEWS, item)
        assert (code, found["reason"], CLOCK.now()) == (400, "BadRequest", 0.0)

    on_api(body)


def test_audiences_count_from_1_13_and_the_old_version_ends_with_1_22() -> None:
    async def new(api: Asked) -> None:
        _, found = await api.ask("POST", REVIEWS, review("good", audiences=["api"]))
        assert (found["spec"]["audiences"], found["status"]["audiences"]) == (["api"], ["api"])
        _, found = await api.ask("POST", REVIEWS, review("good", audiences=["other"]))
        assert found["status"] == {"user": {}}

    async def old(api: Asked) -> None:
        _, found = await api.ask("POST", REVIEWS, review("good", audiences=["other"]))
        assert (found["status"]["authenticated"], "audiences" in found["spec"]) == (True, False)

    async def newest(api: Asked) -> None:
        assert (await api.ask("POST", REVIEWS, review("good")))[0] == 404
        item = {"spec": {"token": "good"}}
        assert (await api.ask("POST", REVIEWS.replace("v1beta1", "v1"), item))[0] == 201

    on_api(new, "1.13.0")
    on_api(old, "1.12.4")
    on_api(newest, "1.22.0")


def asked(user: str = "jane", **attributes: str) -> dict[str, Any]:
    return {"spec": {"user": user, "resourceAttributes": attributes}}


def test_access_of_another_is_decided_and_explained() -> None:
    async def body(api: Asked) -> None:
        wanted = asked(verb="get", resource="nodes", subresource="stats", name="n1")
        code, found = await api.ask("POST", ACCESS, wanted)
        assert (code, found["status"], CLOCK.now()) == (201, {"allowed": False}, 0.5)
        jane = {"kind": "User", "name": "jane"}
        api.store.load([bootstrap.binding("b", "system:kubelet-api-admin", jane)], stamp=0)
        _, found = await api.ask("POST", ACCESS, wanted)
        assert found["status"] == {
            "allowed": True,
            "reason": 'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "system:kubelet-api-admin" to User "jane"',
        }
        older = {
            "spec": {"group": ["system:masters"], "nonResourceAttributes": {"path": "/x", "verb": "get"}}
        }
        _, found = await api.ask("POST", ACCESS.replace("v1/", "v1beta1/"), older)
        assert found["status"]["allowed"] is True

    on_api(body, access_service=Delay(mean_s=0.5))


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ({}, 422),
        ({"user": "x"}, 422),
        ({"resourceAttributes": {}, "nonResourceAttributes": {}, "user": "x"}, 422),
        ({"resourceAttributes": {}}, 422),
        ({"resourceAttributes": [], "user": "x"}, 400),
        ({"resourceAttributes": {"verb": 5}, "user": "x"}, 400),
        (5, 400),
    ],
)
def test_access_reviews_that_ask_nothing_are_refused(spec: object, code: int) -> None:
    async def body(api: Asked) -> None:
        assert (await api.ask("POST", ACCESS, {"spec": spec}))[0] == code

    on_api(body)


def test_a_user_asks_about_itself() -> None:
    async def body(api: Asked) -> None:
        own = ACCESS.replace("subject", "selfsubject")
        _, found = await api.ask("POST", own, asked("admin", verb="list", resource="nodes"), user=JANE)
        assert found["status"] == {"allowed": False}
        rules = ACCESS.replace("subjectaccess", "selfsubjectrules")
        _, found = await api.ask("POST", rules, {"spec": {"namespace": "default"}}, user=JANE)
        assert found["status"]["nonResourceRules"][0]["nonResourceURLs"][0] == "/api"
        local = "/apis/authorization.k8s.io/v1/namespaces/a/localsubjectaccessreviews"
        assert (await api.ask("POST", local, asked(verb="get", resource="pods", namespace="b")))[0] == 422
        assert (await api.ask("POST", local, asked(verb="get", resource="pods", namespace="a")))[0] == 201

    on_api(body)


def test_a_user_asks_who_it_is() -> None:
    own = "/apis/authentication.k8s.io/v1/selfsubjectreviews"

    async def new(api: Asked) -> None:
        code, found = await api.ask("POST", own, {}, user=JANE)
        user = {"username": "jane", "groups": ["system:authenticated"]}
        assert (code, found["status"]) == (201, {"userInfo": user})
        assert api.authorizer.decide(JANE, request_info("POST", own, {}))[0]

    async def old(api: Asked) -> None:
        assert (await api.ask("POST", own, {}))[0] == 404

    on_api(new, "1.28.0")
    on_api(old, "1.27.0")


def test_discovery_tells_what_is_served() -> None:
    async def body(api: Asked) -> None:
        _, groups = await api.ask("GET", "/apis")
        assert (await api.ask("GET", "/api/"))[1]["versions"] == ["v1"]
        places = [
            "/api/v1",
            *(f"/apis/{one['groupVersion']}" for group in groups["groups"] for one in group["versions"]),
        ]
        for place in places:
            code, found = await api.ask("GET", place)
            assert (code, found["kind"]) == (200, "APIResourceList")
            for resource in found["resources"]:
                if "list" in resource["verbs"]:
                    assert (await api.ask("GET", f"{place}/{resource['name']}"))[0] == 200, resource["name"]
        assert (await api.ask("GET", "/apis/apps"))[1]["preferredVersion"]["version"] == "v1"
        assert (await api.ask("GET", "/version"))[1]["gitVersion"] == "v1.20.3"

    on_api(body, "1.20.3")


def test_health_by_version() -> None:
    async def old(api: Asked) -> None:
        assert await api.ask("GET", "/healthz") == (200, b"ok")
        assert (await api.ask("GET", "/readyz"))[0] == 404
        assert (await api.ask("GET", "/healthz/etcd")) == (200, b"ok")
        assert (await api.ask("GET", "/healthz/nothing"))[0] == 404
        assert b"[+]etcd ok" in (await api.ask("GET", "/healthz?verbose"))[1]

    async def new(api: Asked) -> None:
        assert await api.ask("GET", "/readyz") == (200, b"ok")

    on_api(old)
    on_api(new, "1.16.0")


ACCOUNT = "/api/v1/namespaces/a/serviceaccounts"


def test_a_token_is_made_for_an_account_and_bound_to_a_pod() -> None:
    async def body(api: Asked) -> None:
        _, account = await api.ask("POST", ACCOUNT, {"metadata": {"name": "robot"}})
        _, pod = await api.ask("POST", "/api/v1/namespaces/a/pods", {"metadata": {"name": "p"}})
        bound = {"kind": "Pod", "apiVersion": "v1", "name": "p", "uid": pod["metadata"]["uid"]}
        wanted = {"spec": {"audiences": ["vault"], "expirationSeconds": 600, "boundObjectRef": bound}}
        code, found = await api.ask("POST", f"{ACCOUNT}/robot/token", wanted)
        uid = account["metadata"]["uid"]
        token = f"a|robot|{uid}|('vault',)|1577836800|1577837400|('Pod', 'p', '{bound['uid']}')"
        assert (code, found["status"]) == (
            201,
            {"token": token, "expirationTimestamp": "2020-01-01T00:10:00Z"},
        )
        code, found = await api.ask("POST", f"{ACCOUNT}/robot/token", {})
        assert (code, found["spec"]["expirationSeconds"]) == (201, 3600)

    on_api(body)


@pytest.mark.parametrize(
    ("account", "spec", "code"),
    [
        ("other", {}, 404),
        ("robot", {"expirationSeconds": 599}, 422),
        ("robot", {"expirationSeconds": 2**33}, 422),
        ("robot", {"expirationSeconds": "soon"}, 400),
        ("robot", {"boundObjectRef": {"kind": "Node", "name": "n"}}, 400),
        ("robot", {"boundObjectRef": {"kind": "Secret", "name": "s"}}, 404),
        ("robot", {"boundObjectRef": {"kind": "Pod", "name": "p", "uid": "old"}}, 409),
        ("robot", [], 400),
    ],
)
def test_tokens_that_cannot_be_made(account: str, spec: object, code: int) -> None:
    async def body(api: Asked) -> None:
        await api.ask("POST", ACCOUNT, {"metadata": {"name": "robot"}})
        await api.ask("POST", "/api/v1/namespaces/a/pods", {"metadata": {"name": "p"}})
        assert (await api.ask("POST", f"{ACCOUNT}/{account}/token", {"spec": spec}))[0] == code

    on_api(body)


def test_levels_and_schemas_stand_in_the_api() -> None:
    async def body(api: Asked) -> None:
        place = "/apis/flowcontrol.apiserver.k8s.io/v1beta1"
        _, found = await api.ask("GET", f"{place}/prioritylevelconfigurations/system")
        assert found["spec"]["limited"]["assuredConcurrencyShares"] == 30
        _, found = await api.ask("GET", f"{place}/flowschemas")
        names = {item["metadata"]["name"] for item in found["items"]}
        assert "system-nodes" in names
        assert "system-node-high" not in names

    on_api(body, "1.20.0")
