"""OpenAPI tells the truth: schemathesis asks for all that is described, with all kinds of values."""

import json
from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from jsonschema import Draft4Validator
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from support.lab_api import Asked, on_api
from support.lab_wsgi import Application

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
KINDS = r"/(pods(/\{name\})?|tokenreviews|subjectaccessreviews|serviceaccounts/.*|clusterroles)$"
"""All kinds take the same way; these have parts that the API reads."""

SECOND = schemathesis.openapi.from_wsgi("/openapi/v2", Application("1.12.4")).include(path_regex=KINDS)
THIRD = schemathesis.openapi.from_wsgi("/openapi/v3/apis/authorization.k8s.io/v1", Application("1.28.0"))
MODEST = settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@SECOND.parametrize()
@MODEST
def test_openapi_2_is_served_as_described(case: schemathesis.Case[Any]) -> None:
    case.call_and_validate(checks=CHECKS)


@THIRD.parametrize()
@MODEST
def test_openapi_3_is_served_as_described(case: schemathesis.Case[Any]) -> None:
    case.call_and_validate(checks=CHECKS)


def test_what_is_described_is_what_discovery_lists() -> None:
    async def body(api: Asked) -> None:
        _, described = await api.ask("GET", "/openapi/v2")
        Draft4Validator.check_schema({"definitions": described["definitions"]})
        _, groups = await api.ask("GET", "/apis")
        places = [
            "/api/v1",
            *(f"/apis/{one['groupVersion']}" for group in groups["groups"] for one in group["versions"]),
        ]
        paths = set()
        for place in places:
            _, listed = await api.ask("GET", place)
            for resource in listed["resources"]:
                name, _, subresource = resource["name"].partition("/")
                scope = "/namespaces/{namespace}" if resource["namespaced"] else ""
                paths.add(f"{place}{scope}/{name}" + (f"/{{name}}/{subresource}" if subresource else ""))
        assert paths <= set(described["paths"])
        others = set(described["paths"]) - paths
        assert all(path.endswith("{name}") or "{namespace}" not in path for path in others)

    on_api(body, "1.28.0")


def test_kubectl_gets_its_protobuf_and_others_what_they_accept() -> None:
    media = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"

    async def body(api: Asked) -> None:
        answer = await api.raw("GET", "/openapi/v2", headers={"accept": media})
        assert answer.body == b"\n\x032.0\x12\x15\n\nKubernetes\x12\x07v1.22.0"
        assert (await api.raw("GET", "/openapi/v2", headers={"accept": "text/html"})).status == 406
        assert (await api.raw("GET", "/openapi/v3")).status == 404
        assert (await api.raw("POST", "/openapi/v2")).status == 405

    async def new(api: Asked) -> None:
        _, found = await api.ask("GET", "/openapi/v3")
        place: Any = found["paths"]["apis/apps/v1"]["serverRelativeURL"]
        answer = await api.raw("GET", place)
        assert json.loads(answer.body)["openapi"] == "3.0.0"
        assert (await api.raw("GET", "/openapi/v3/apis/none/v1")).status == 404

    on_api(body, "1.22.0")
    on_api(new, "1.24.0")
