"""Objects against the published schemas of the Kubernetes API, with unknown fields refused."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

_FOLDER = Path(__file__).parent / "kubernetes_api"
RELEASES = ("1.12", "1.18", "1.20", "1.23", "1.26", "1.29")


def mistakes(document: dict[str, Any], release: str) -> list[str]:
    """What the API of a release would refuse in an object: unknown kind, unknown or missing fields, wrong types."""
    definitions = _definitions(release)
    group, _, version = document["apiVersion"].rpartition("/")
    name = f"io.k8s.api.{group.partition('.')[0]}.{version}.{document['kind']}"
    if name not in definitions:
        return [f"{release} has no {document['apiVersion']} {document['kind']}"]
    schema = {"$ref": f"#/definitions/{name}", "definitions": definitions}
    validator = jsonschema.Draft7Validator(schema)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


def policy_mistakes(document: dict[str, Any]) -> list[str]:
    """What an API server would refuse in an audit policy."""
    schema = json.loads((_FOLDER / "audit-policy.json").read_text("utf-8"))
    return [error.message for error in jsonschema.Draft7Validator(schema).iter_errors(document)]


@cache
def _definitions(release: str) -> dict[str, Any]:
    definitions: dict[str, Any] = json.loads((_FOLDER / f"{release}.json").read_text("utf-8"))["definitions"]
    for one in definitions.values():
        if "properties" in one:
            one["additionalProperties"] = False
    return definitions
