"""Whatever is sent, the API answers: never an error of its own, never a broken object in the store."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snowpit.lab import virtual
from snowpit.lab.api import status
from snowpit.lab.exchange import User
from snowpit.lab.wire import Request
from support.lab_api import Asked, asked_api, on_api

PODS = "/api/v1/namespaces/default/pods"
SECRETS = "/api/v1/namespaces/default/secrets"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
COLLECTIONS = (
    PODS,
    SECRETS,
    "/api/v1/nodes",
    f"{RBAC}/clusterroles",
    f"{RBAC}/clusterrolebindings",
    "/apis/authentication.k8s.io/v1/tokenreviews",
    "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
    "/api/v1/namespaces/default/serviceaccounts/default/token",
    f"{PODS}/p/binding",
)
MEDIA = (
    "application/json",
    "application/strategic-merge-patch+json",
    "application/merge-patch+json",
    "application/json-patch+json",
)
WORDS = (
    "metadata", "name", "generateName", "labels", "uid", "spec", "status", "data", "token", "kind", "apiVersion",
    "volumes", "containers", "env", "secret", "rules", "verbs", "roleRef", "subjects", "conditions", "type", "user",
    "groups", "resourceAttributes", "target", "op", "path", "value", "from", "$patch", "$retainKeys", "finalizers",
    "$deleteFromPrimitiveList/finalizers", "preconditions", "stringData",
)  # fmt: skip
TEXTS = st.sampled_from(
    (*WORDS, "p", "/metadata/labels/a", "/spec/-", "add", "remove", "replace", "test", "")
) | st.text(max_size=5)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=25,
)

OBJECTS = st.dictionaries(TEXTS, ANYTHING, max_size=5)
ALMOST = st.builds(
    lambda more, labels: {**more, "metadata": {"name": "p", "labels": labels}}, OBJECTS, ANYTHING
)
STEPS = st.lists(
    st.fixed_dictionaries({"op": TEXTS, "path": TEXTS, "value": ANYTHING, "from": TEXTS}), max_size=3
)
DOCUMENTS = (
    ANYTHING | ALMOST | STEPS | st.builds(lambda spec: {"metadata": {"name": "q"}, "spec": spec}, OBJECTS)
)


REQUESTS = st.tuples(
    st.sampled_from(COLLECTIONS),
    st.sampled_from(["POST", "PUT", "PATCH", "DELETE", "GET"]),
    st.sampled_from(["", "/p", "/p/status"]),
    st.sampled_from(MEDIA),
    DOCUMENTS,
    st.dictionaries(
        st.sampled_from(["limit", "continue", "dryRun", "labelSelector", "fieldSelector"]), TEXTS
    ),
)


@given(REQUESTS)
@settings(max_examples=100, deadline=None)
def test_no_document_breaks_the_api(drawn: tuple[str, str, str, str, object, dict[str, str]]) -> None:
    collection, method, rest, media, document, query = drawn

    async def body(api: Asked) -> None:
        await api.ask(
            "POST", PODS, {"metadata": {"name": "p", "labels": {"a": "b"}}, "spec": {"containers": []}}
        )
        sent = json.dumps(document).encode()
        target = f"{collection}{rest}?" + "&".join(
            f"{name}={value}" for name, value in query.items() if value.isalnum()
        )
        answer = await api.raw(method, target, sent, headers={"content-type": media})
        assert answer.status < 500
        for item in api.store.scan("pods"):
            assert isinstance(item["metadata"]["name"], str)
        assert (await api.ask("GET", PODS))[0] == 200
        assert api.last is not None
        assert api.authorizer.decide(User("jane"), api.last.info) == (False, "")

    asked = asked_api("1.14.0")
    virtual.run(body(asked))


@pytest.mark.parametrize(
    "sent",
    [
        b'{"metadata":{"name":"x"},"spec":' + b'{"a":' * 900 + b"1" + b"}" * 901,
        b'{"metadata":{"name":"x"},"spec":{"a":' + b"[" * 500 + b"]" * 500 + b"}}",
        b'{"metadata":{"name":"x"},"spec":{"a":1' + b"0" * 400 + b"}}",
        b'{"metadata":{"name":"x"},"spec":{"a":NaN}}',
        b'{"metadata":{"name":"x"},"spec":{"a":"\\ud800"}}',
        b'{"metadata":{"name":"x\\u0000"}}',
        b'{"metadata":{"name":"x","name":"y"}}' * 2,
        b"\x00" * 100,
        b'\xef\xbb\xbf{"metadata":{"name":"x"}}',
    ],
)
def test_extreme_json_is_stored_or_refused(sent: bytes) -> None:
    async def body(api: Asked) -> None:
        answer = await api.raw("POST", PODS, sent)
        assert answer.status in (201, 400, 422)
        if answer.status == 201:
            for media in MEDIA[1:3]:
                again = await api.raw("PATCH", f"{PODS}/x", sent, headers={"content-type": media})
                assert again.status in (200, 400)
            assert (await api.raw("PUT", f"{PODS}/x", sent)).status in (200, 400)
        assert (await api.ask("GET", PODS))[0] == 200

    on_api(body)


def test_writers_at_once_make_one_history() -> None:
    async def body(api: Asked) -> None:
        await api.ask("POST", "/api/v1/nodes", {"metadata": {"name": "n", "labels": {}}})

        async def count(number: int) -> int:
            while True:
                _, found = await api.ask("GET", "/api/v1/nodes/n")
                found["metadata"]["labels"] = {
                    "count": str(int(found["metadata"]["labels"].get("count", 0)) + 1)
                }
                code, _ = await api.ask("PUT", "/api/v1/nodes/n", found)
                if code == 200:
                    return number

        done = await asyncio.gather(*(count(number) for number in range(30)))
        _, found = await api.ask("GET", "/api/v1/nodes/n")
        assert (sorted(done), found["metadata"]["labels"]) == (list(range(30)), {"count": "30"})

    on_api(body)


def test_names_of_paths_are_taken_as_they_are() -> None:
    async def body(api: Asked) -> None:
        refused: list[Any] = []
        for name in ("..", ".", "a%2Fb", "%00", "a\x00b", "$(id)", "a;b", "' OR 1=1", "*"):
            code, _ = await api.ask("GET", f"/api/v1/nodes/{name}")
            refused.append(code)
        assert set(refused) == {404}

    on_api(body)


def test_bytes_that_are_no_text_are_refused() -> None:
    async def body(api: Asked) -> None:
        for path, query in (
            ("/api/v1/nodes/\udcff", {}),
            ("/api/v1/nodes", {"fieldSelector": "metadata.name=\udcff"}),
        ):
            request = Request(method="GET", path=path, query=query)
            answer = await api.raw("", "", request=request)
            assert (answer.status, json.loads(answer.body)["reason"]) == (400, "BadRequest")
            assert api.last is not None
            assert status.forbidden(api.last).status == 403

    on_api(body)
