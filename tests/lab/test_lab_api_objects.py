"""Objects over the API: what clients send and get, and how they are refused."""

import asyncio
import json
from typing import Any

import pytest

from snowpit.cluster.workload import Delay, Operation
from snowpit.lab.exchange import User
from snowpit.lab.wire import Request
from support.lab_api import CLOCK, Asked, on_api

NODES, PODS = "/api/v1/nodes", "/api/v1/namespaces/default/pods"
LEASES = "/apis/coordination.k8s.io/v1beta1/namespaces/kube-node-lease/leases"
STRATEGIC = {"content-type": "application/strategic-merge-patch+json"}
MERGE = {"content-type": "application/merge-patch+json"}
JSON_PATCH = {"content-type": "application/json-patch+json"}


def named(name: str, **fields: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, **fields}


def test_an_object_lives_from_post_to_delete() -> None:
    async def body(api: Asked) -> None:
        code, made = await api.ask("POST", NODES, named("n1", spec={"podCIDR": "10.0.0.0/24"}))
        assert (code, made["kind"], made["apiVersion"]) == (201, "Node", "v1")
        assert await api.ask("GET", f"{NODES}/n1") == (200, made)
        code, changed = await api.ask(
            "PUT", f"{NODES}/n1", {**made, "metadata": {**made["metadata"], "labels": {"a": "b"}}}
        )
        assert (code, changed["metadata"]["labels"]) == (200, {"a": "b"})
        code, found = await api.ask("PUT", f"{NODES}/n1", made)
        assert (code, found["reason"]) == (409, "Conflict")
        assert found["message"].startswith(
            'Operation cannot be fulfilled on nodes "n1": the object has been modified'
        )
        code, found = await api.ask("DELETE", f"{NODES}/n1")
        assert (code, found["status"], found["details"]["uid"]) == (200, "Success", made["metadata"]["uid"])
        code, found = await api.ask("GET", f"{NODES}/n1")
        assert (code, found["message"], found["details"]) == (
            404,
            'nodes "n1" not found',
            {"name": "n1", "kind": "nodes"},
        )

    on_api(body)


def test_names_are_generated_held_to_their_rule_and_taken_once() -> None:
    async def body(api: Asked) -> None:
        code, made = await api.ask("POST", PODS, {"metadata": {"generateName": "web-"}})
        assert (code, len(made["metadata"]["name"]), made["status"]) == (201, 9, {"phase": "Pending"})
        code, found = await api.ask("POST", PODS, {"metadata": {"name": made["metadata"]["name"]}})
        assert (code, found["reason"]) == (409, "AlreadyExists")
        for name in ("", "Upper", "a/b", "..", "a" * 254, "-a", "ü"):
            code, found = await api.ask("POST", PODS, named(name))
            assert (code, found["reason"]) == (422, "Invalid"), name
        code, _ = await api.ask("POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles", named("system:x"))
        assert code == 201

    on_api(body)


def test_a_status_is_written_by_its_own_path_only() -> None:
    async def body(api: Asked) -> None:
        await api.ask("POST", NODES, named("n1", spec={"a": "1"}))
        ready = {
            "conditions": [{"type": "Ready", "status": "True"}],
            "addresses": [{"type": "InternalIP", "address": "1"}],
        }
        code, found = await api.ask(
            "PATCH", f"{NODES}/n1/status", {"status": ready, "spec": {"a": "2"}}, headers=STRATEGIC
        )
        assert (code, found["status"], found["spec"]) == (200, ready, {"a": "1"})
        more = {"conditions": [{"type": "Disk", "status": "False"}, {"type": "Ready", "status": "Unknown"}]}
        code, found = await api.ask("PATCH", f"{NODES}/n1/status", {"status": more}, headers=STRATEGIC)
        assert {one["type"]: one["status"] for one in found["status"]["conditions"]} == {
            "Ready": "Unknown",
            "Disk": "False",
        }
        assert found["status"]["addresses"] == ready["addresses"]
        code, found = await api.ask("PUT", f"{NODES}/n1", {**found, "status": {}, "spec": {"a": "3"}})
        assert (code, found["spec"], len(found["status"]["conditions"])) == (200, {"a": "3"}, 2)

    on_api(body)


def test_patches_of_three_kinds() -> None:
    async def body(api: Asked) -> None:
        await api.ask(
            "POST",
            PODS,
            named("p", spec={"containers": [{"name": "a", "image": "x"}], "nodeSelector": {"k": "v"}}),
        )
        at = f"{PODS}/p"
        merge = {"metadata": {"labels": {"l": "1"}}, "spec": {"nodeSelector": None}}
        _, found = await api.ask("PATCH", at, merge, headers=MERGE)
        assert (found["metadata"]["labels"], "nodeSelector" in found["spec"]) == ({"l": "1"}, False)
        strategic = {"spec": {"containers": [{"name": "b", "image": "y"}, {"name": "a", "$patch": "delete"}]}}
        _, found = await api.ask("PATCH", at, strategic, headers=STRATEGIC)
        assert found["spec"]["containers"] == [{"name": "b", "image": "y"}]
        steps = [
            {"op": "test", "path": "/metadata/labels/l", "value": "1"},
            {"op": "replace", "path": "/metadata/labels/l", "value": "2"},
        ]
        code, found = await api.ask("PATCH", at, steps, headers=JSON_PATCH)
        assert (code, found["metadata"]["labels"]) == (200, {"l": "2"})
        for item, headers in (
            (steps, JSON_PATCH),
            ([1], MERGE),
            ({}, JSON_PATCH),
            ([{"op": "add"}], JSON_PATCH),
        ):
            code, found = await api.ask("PATCH", at, item, headers=headers)
            assert (code, found["reason"]) == (400, "BadRequest")
        code, found = await api.ask("PATCH", at, {}, headers={"content-type": "application/apply-patch+yaml"})
        assert (code, found["reason"]) == (415, "UnsupportedMediaType")
        code, found = await api.ask("PATCH", at, {"metadata": {"name": "other"}}, headers=MERGE)
        assert code == 422

    on_api(body)


def test_a_heartbeat_by_lease_is_shown_in_the_version_asked_for() -> None:
    async def body(api: Asked) -> None:
        code, made = await api.ask("POST", LEASES, named("n1", spec={"holderIdentity": "n1"}))
        assert (code, made["apiVersion"]) == (201, "coordination.k8s.io/v1beta1")
        newer = LEASES.replace("v1beta1", "v1")
        code, found = await api.ask("GET", f"{newer}/n1")
        assert (code, found["apiVersion"]) == (200, "coordination.k8s.io/v1")
        code, found = await api.ask(
            "PUT", f"{LEASES}/n1", {**made, "spec": {"holderIdentity": "n1", "leaseDurationSeconds": 40}}
        )
        assert (code, found["apiVersion"]) == (200, "coordination.k8s.io/v1beta1")
        code, found = await api.ask("PUT", f"{newer}/n1", made)
        assert code == 400

    on_api(body, "1.14.0")


def test_lists_come_in_pages_by_selectors_and_as_tables() -> None:
    async def body(api: Asked) -> None:
        for number in range(5):
            await api.ask(
                "POST",
                PODS,
                {
                    "metadata": {"name": f"p{number}", "labels": {"odd": str(number % 2)}},
                    "spec": {"nodeName": f"n{number}"},
                },
            )
        code, found = await api.ask("GET", f"{PODS}?limit=2")
        assert (code, found["kind"], found["apiVersion"]) == (200, "PodList", "v1")
        assert "kind" not in found["items"][0]
        token = found["metadata"]["continue"]
        _, rest = await api.ask("GET", f"{PODS}?limit=9&continue={token}")
        names = [item["metadata"]["name"] for item in (*found["items"], *rest["items"])]
        assert (names, "continue" in rest["metadata"]) == (["p0", "p1", "p2", "p3", "p4"], False)
        _, found = await api.ask("GET", "/api/v1/pods?labelSelector=odd%3D1&fieldSelector=spec.nodeName%3Dn3")
        assert [item["metadata"]["name"] for item in found["items"]] == ["p3"]
        accept = {"accept": "application/json;as=Table;v=v1beta1;g=meta.k8s.io, application/json"}
        _, found = await api.ask("GET", PODS, headers=accept)
        assert [column["name"] for column in found["columnDefinitions"]] == ["Name", "Status", "Node", "Age"]
        assert found["rows"][1]["cells"] == ["p1", "Pending", "n1", "0s"]
        _, found = await api.ask("GET", f"{PODS}/p1", headers=accept)
        assert (found["kind"], len(found["rows"])) == ("Table", 1)

    on_api(body)


def test_a_page_of_a_forgotten_revision_is_gone() -> None:
    async def body(api: Asked) -> None:
        for number in range(4):
            await api.ask("POST", PODS, named(f"p{number}"))
        _, found = await api.ask("GET", f"{PODS}?limit=2")
        await api.ask("DELETE", f"{PODS}/p3")
        api.store.compact(api.store.revision())
        code, gone = await api.ask("GET", f"{PODS}?limit=2&continue={found['metadata']['continue']}")
        assert (code, gone["reason"]) == (410, "Expired")
        _, rest = await api.ask("GET", f"{PODS}?continue={gone['metadata']['continue']}")
        assert [item["metadata"]["name"] for item in rest["items"]] == ["p2"]

    on_api(body)


def test_a_collection_is_deleted_by_selector() -> None:
    async def body(api: Asked) -> None:
        for number in range(4):
            await api.ask(
                "POST", PODS, {"metadata": {"name": f"p{number}", "labels": {"odd": str(number % 2)}}}
            )
        code, found = await api.ask("DELETE", f"{PODS}?labelSelector=odd%3D1")
        assert (code, [item["metadata"]["name"] for item in found["items"]]) == (200, ["p1", "p3"])
        _, found = await api.ask("GET", PODS)
        assert [item["metadata"]["name"] for item in found["items"]] == ["p0", "p2"]

    on_api(body)


async def events(api: Asked, target: str, accept: str = "") -> list[dict[str, Any]]:
    answer = await api.raw("GET", target, headers={"accept": accept})
    assert answer.stream is not None
    return [json.loads(line) async for line in answer.stream]


def test_a_watch_tells_what_happens_marks_its_place_and_ends() -> None:
    async def body(api: Asked) -> None:
        await api.ask("POST", PODS, named("p0"))
        _, found = await api.ask("GET", PODS)
        since = found["metadata"]["resourceVersion"]

        async def work() -> None:
            await asyncio.sleep(10.0)
            await api.ask("POST", PODS, named("p1"))
            await api.ask("DELETE", f"{PODS}/p0")

        worker = asyncio.create_task(work())
        told = await events(
            api, f"{PODS}?watch=true&resourceVersion={since}&timeoutSeconds=100&allowWatchBookmarks=true"
        )
        await worker
        seen = [(event["type"], event["object"]["metadata"].get("name")) for event in told]
        assert seen == [("ADDED", "p1"), ("DELETED", "p0"), ("BOOKMARK", None)]
        assert int(told[2]["object"]["metadata"]["resourceVersion"]) == api.store.revision()
        assert CLOCK.now() == 100.0
        table = "application/json;as=Table;v=v1;g=meta.k8s.io"
        told = await events(api, f"{PODS}?watch=1&timeoutSeconds=1", table)
        assert told[0]["object"]["rows"][0]["cells"][:2] == ["p1", "Pending"]
        told = await events(api, f"{PODS}?watch=1&timeoutSeconds=1")
        assert [(event["type"], event["object"]["kind"]) for event in told] == [("ADDED", "Pod")]
        api.store.compact(api.store.revision())
        told = await events(api, f"{PODS}?watch=1&resourceVersion=1")
        assert (told[0]["type"], told[0]["object"]["code"], told[0]["object"]["reason"]) == (
            "ERROR",
            410,
            "Expired",
        )
        assert api.store.watchers("pods") == 0

    on_api(body, "1.20.0")


def test_a_dry_run_answers_and_writes_nothing() -> None:
    async def body(api: Asked) -> None:
        code, found = await api.ask("POST", f"{PODS}?dryRun=All", named("p"))
        assert (code, found["metadata"]["name"]) == (201, "p")
        assert (await api.ask("GET", f"{PODS}/p"))[0] == 404
        await api.ask("POST", PODS, named("p"))
        assert (await api.ask("POST", f"{PODS}?dryRun=All", named("p")))[0] == 409
        code, found = await api.ask(
            "PATCH", f"{PODS}/p?dryRun=All", {"metadata": {"labels": {"a": "b"}}}, headers=MERGE
        )
        assert (code, found["metadata"]["labels"]) == (200, {"a": "b"})
        assert (await api.ask("DELETE", f"{PODS}/p?dryRun=All"))[0] == 200
        _, found = await api.ask("GET", f"{PODS}/p")
        assert "labels" not in found["metadata"]
        assert (await api.ask("DELETE", f"{PODS}/p?dryRun=maybe"))[0] == 422

    on_api(body)


def test_a_pod_is_bound_once() -> None:
    async def body(api: Asked) -> None:
        await api.ask("POST", PODS, named("p"))
        to = {"target": {"kind": "Node", "name": "n1"}, "metadata": {"name": "p"}}
        assert (await api.ask("POST", f"{PODS}/p/binding", to))[0] == 201
        assert (await api.ask("GET", f"{PODS}/p"))[1]["spec"]["nodeName"] == "n1"
        code, found = await api.ask("POST", f"{PODS}/p/binding", to)
        assert (code, found["reason"]) == (409, "Conflict")
        assert 'pod p is already assigned to node "n1"' in found["message"]

    on_api(body)


def test_preconditions_of_a_deletion() -> None:
    async def body(api: Asked) -> None:
        await api.ask("POST", PODS, named("p"))
        code, found = await api.ask("DELETE", f"{PODS}/p", {"preconditions": {"uid": "x"}})
        assert (code, found["reason"]) == (409, "Conflict")
        assert "UID in precondition: x" in found["message"]
        refused: list[Any] = [{"preconditions": 5}, {"preconditions": {"uid": 5}}, {"kind": "Pod"}, []]
        for options in refused:
            assert (await api.ask("DELETE", f"{PODS}/p", options))[0] == 400

    on_api(body)


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/apis/apps/v9/deployments", 404),
        ("GET", "/api/v1/pods/p", 404),
        ("GET", "/api/v1/namespaces/a/nodes", 404),
        ("GET", f"{NODES}/n1/status/more", 404),
        ("GET", f"{NODES}/n1/nothing", 404),
        ("GET", "/api/v1//nodes", 404),
        ("GET", "/api/v1/../v1/nodes", 404),
        ("GET", "/nothing", 404),
        ("POST", "/version", 405),
        ("POST", "/api/v1/pods", 405),
        ("PUT", NODES, 405),
        ("BREW", NODES, 405),
        ("GET", "/apis/authentication.k8s.io/v1/tokenreviews", 405),
        ("DELETE", f"{NODES}/n1/status", 405),
        ("GET", f"{NODES}?limit=x", 400),
        ("GET", f"{NODES}?continue=x", 400),
        ("GET", f"{NODES}?resourceVersion=-1", 400),
        ("GET", f"{NODES}?labelSelector=%2C%2C", 400),
        ("GET", f"{NODES}?fieldSelector=spec.x%3D1", 400),
        ("GET", f"{NODES}?watch=1&timeoutSeconds=soon", 400),
    ],
)
def test_what_is_not_served_is_refused(method: str, path: str, code: int) -> None:
    async def body(api: Asked) -> None:
        answer = await api.raw(method, path)
        assert answer.status == code
        if code == 405:
            assert answer.headers["Allow"]

    on_api(body)


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (b"", "(<empty>)"),
        (b"{", "({)"),
        (b"\xff\xfe", "(fffe)"),
        (b"[" * 100_000, "5b5b5b"),
        (b'{"a":' * 50_000, "..."),
        (b"[]", "must be of type Node"),
        (b'"x"', "must be of type Node"),
        (b'{"kind":"Pod"}', "Pod in version"),
        (b'{"kind":5}', "kind and apiVersion"),
        (b'{"apiVersion":"v2"}', "cannot be handled as a Node"),
        (b'{"metadata":[]}', "metadata of type v1.ObjectMeta"),
        (b'{"metadata":{"name":5}}', "metadata.name of type string"),
        (b'{"metadata":{"name":"a","labels":{"x":1}}}', "map[string]string"),
        (b'{"metadata":{"name":"a"},"spec":[1]}', "Node.spec"),
    ],
)
def test_bodies_that_are_no_node(sent: bytes, says: str) -> None:
    async def body(api: Asked) -> None:
        answer = await api.raw("POST", NODES, sent)
        assert answer.status == 400
        assert says in json.loads(answer.body)["message"]

    on_api(body)


def test_media_types_and_sizes() -> None:
    async def body(api: Asked) -> None:
        protobuf = "application/vnd.kubernetes.protobuf"
        assert (await api.ask("POST", NODES, {}, headers={"content-type": "text/html"}))[0] == 415
        assert (await api.ask("GET", NODES, headers={"accept": protobuf}))[0] == 406
        assert (await api.ask("GET", NODES, headers={"accept": f"{protobuf}, */*"}))[0] == 200
        answer = await api.raw("POST", NODES, b" " * (3 * 1024 * 1024 + 1))
        assert (answer.status, json.loads(answer.body)["reason"]) == (413, "RequestEntityTooLarge")

    on_api(body)


def test_hostile_objects_do_not_reach_those_who_read_them() -> None:
    async def body(api: Asked) -> None:
        roles = "/apis/rbac.authorization.k8s.io/v1"
        for path, item in (
            (f"{roles}/clusterroles", named("r", rules=5)),
            (f"{roles}/clusterroles", named("r", rules=[{"verbs": "get"}])),
            (f"{roles}/clusterrolebindings", named("r", roleRef={}, subjects=[])),
            (PODS, named("p", spec={"volumes": 5})),
            (PODS, named("p", spec={"volumes": [{"secret": "x"}]})),
            (PODS, named("p", spec={"nodeName": "n1", "containers": [{"env": {}}]})),
            ("/api/v1/namespaces/default/secrets", named("s", data={"token": 5})),
        ):
            assert (await api.ask("POST", path, item))[0] == 400, item
        code, _ = await api.ask("POST", "/api/v1/namespaces/default/secrets", named("s", data={"token": "!"}))
        assert code == 422
        code, made = await api.ask(
            "POST", "/api/v1/namespaces/default/secrets", named("s", stringData={"token": "abc"})
        )
        assert (code, made["data"], "stringData" in made) == (201, {"token": "YWJj"}, False)

    on_api(body)


def test_handlers_take_what_the_scenario_says_and_a_slow_etcd_stretches() -> None:
    services = (
        Operation(verb="list", resource="nodes", service=Delay(mean_s=0.5)),
        Operation(verb="list", resource="pods", namespace="default", service=Delay(mean_s=2.0), etcd=False),
    )

    async def body(api: Asked) -> None:
        api.store.factor = 3.0
        await api.ask("GET", NODES)
        assert CLOCK.now() == 1.5
        await api.ask("GET", PODS)
        assert CLOCK.now() == 3.5
        assert api.last is not None
        assert api.last.etcd == 2.0
        await api.ask("GET", "/api/v1/namespaces/other/pods")
        await api.ask("GET", NODES, user=User("system:apiserver", groups=("system:masters",)))
        assert CLOCK.now() == 3.5

    on_api(body, services=services)


def test_nothing_is_asked_of_the_store_for_a_client_that_has_gone() -> None:
    async def body(api: Asked) -> None:
        request = Request(method="POST", path=NODES, body=b'{"metadata":{"name":"n1"}}')
        request.gone.set()
        answer = await api.raw("", "", request=request)
        assert (answer.status, b"context canceled" in answer.body) == (500, True)
        assert (await api.ask("GET", f"{NODES}/n1"))[0] == 404

    on_api(body, services=(Operation(verb="create", resource="nodes", service=Delay(mean_s=1.0)),))
