"""A served OpenAPI tells the truth over sockets too: schemathesis asks a server in a process of its own for all that it describes."""

import json
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from support.lab_served import WITHIN_S, Served, served

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
KINDS = r"/(nodes(/\{name\})?|secrets(/\{name\})?|events|tokenreviews|subjectaccessreviews|serviceaccounts/.*|clusterroles)$"
MODEST = settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


def described(server: Served) -> Any:
    """What a server describes; watches, which have no end, are asked for as lists."""
    document = json.loads(server.ask("GET", "/openapi/v2", who="admin").body)
    for path in document["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict):
                wanted = operation.get("parameters", [])
                operation["parameters"] = [one for one in wanted if one.get("name") != "watch"]
    return schemathesis.openapi.from_dict(document).include(path_regex=KINDS)


def test_a_served_description_is_kept(tmp_path: Path) -> None:
    with served(tmp_path, "1.12.4") as server:
        shown = tuple(str(server.pki / f"admin.{one}") for one in ("crt", "key"))
        url, trusted = f"https://localhost:{server.port}", str(server.pki / "ca.crt")
        asked = 0
        for found in described(server).get_all_operations():
            assert isinstance(found, Ok)

            @given(case=found.ok().as_strategy())
            @MODEST
            def ask(case: schemathesis.Case[Any]) -> None:
                case.call_and_validate(url, checks=CHECKS, verify=trusted, cert=shown, timeout=WITHIN_S)

            ask()
            asked += 1
        assert asked > 10
        assert server.well(), server.said()
