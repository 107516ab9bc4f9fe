"""What is served, as OpenAPI 2: paths, parameters and answers, made from the table of resources.

``fieldValidation`` is not among the parameters, because unknown fields are kept. Shape: api/openapi-spec/swagger.json of
the releases.
"""

from collections.abc import Iterator
from typing import TypeAlias

from snowpit.knowledge.version import Version
from snowpit.lab.api.definitions import COMMON, META, STATUS, Document, kinds, reference, schema_name
from snowpit.lab.api.patching import JSON_PATCH, MERGE, STRATEGIC
from snowpit.lab.api.resources import Resource, table

TITLE = "Kubernetes"
Rows: TypeAlias = list[tuple[Resource, tuple[str, ...]]]
"""Resources and the versions to describe."""


def document(version: Version, resources: Rows | None = None) -> Document:
    """OpenAPI 2 of a version.

    Args:
        version: Version.
        resources: What to describe, in which versions; null describes everything.
    """
    rows = [(row, row.versions) for row in table(version).values()] if resources is None else resources
    paths: Document = {}
    definitions: Document = dict(COMMON)
    for resource, versions in rows:
        for name in versions:
            definitions |= kinds(resource, name)
            paths |= dict(_paths(resource, name))
    return {
        "swagger": "2.0",
        "info": {"title": TITLE, "version": f"v{version}"},
        "paths": paths,
        "definitions": definitions,
    }


def _paths(resource: Resource, version: str) -> Iterator[tuple[str, Document]]:
    prefix = f"/apis/{resource.group}/{version}" if resource.group else f"/api/{version}"
    scope = "/namespaces/{namespace}" if resource.namespaced else ""
    collection = f"{prefix}{scope}/{resource.name}"
    if resource.namespaced and resource.stored:
        yield f"{prefix}/{resource.name}", {"get": _operation(resource, version, "list")}
    yield collection, _item(resource, version, "", ("list", "create", "deletecollection"))
    if resource.stored:
        yield f"{collection}/{{name}}", _item(resource, version, "", ("get", "update", "patch", "delete"))
    for name, verbs in resource.subresources.items():
        yield f"{collection}/{{name}}/{name}", _item(resource, version, name, verbs)


_METHODS = {
    "list": "get",
    "get": "get",
    "create": "post",
    "update": "put",
    "patch": "patch",
    "delete": "delete",
    "deletecollection": "delete",
}


def _item(resource: Resource, version: str, subresource: str, verbs: tuple[str, ...]) -> Document:
    parameters = (
        [{"name": "namespace", "in": "path", "required": True, "type": "string"}]
        if resource.namespaced
        else []
    )
    if subresource or "get" in verbs:
        parameters.append({"name": "name", "in": "path", "required": True, "type": "string"})
    allowed = resource.subresources[subresource] if subresource else resource.verbs
    operations = {
        _METHODS[verb]: _operation(resource, version, verb, subresource) for verb in verbs if verb in allowed
    }
    return {"parameters": parameters, **operations}


def _operation(resource: Resource, version: str, verb: str, subresource: str = "") -> Document:
    name = schema_name(resource, version)
    free = subresource in ("binding", "token")
    answer = reference(f"{name}List" if verb in ("list", "deletecollection") else name)
    if verb == "delete":
        answer = STATUS
    if free:
        answer = {"type": "object"}
    code = "201" if verb == "create" else "200"
    return {
        "operationId": f"{verb}-{resource.qualified}-{version}{'-' + subresource if subresource else ''}",
        "x-kubernetes-action": verb,
        "x-kubernetes-group-version-kind": {
            "group": resource.group,
            "version": version,
            "kind": resource.kind,
        },
        "consumes": [JSON_PATCH, MERGE, STRATEGIC] if verb == "patch" else ["application/json"],
        "produces": ["application/json"],
        "parameters": _parameters(resource, verb, name, free=free),
        "responses": {
            code: {"description": "OK", "schema": answer},
            "401": {"description": "Unauthorized", "schema": STATUS},
            "default": {"description": "Failure", "schema": STATUS},
        },
    }


def _parameters(resource: Resource, verb: str, name: str, *, free: bool) -> list[Document]:
    parameters: list[Document] = list(_LISTING if verb in ("list", "deletecollection") else ())
    if verb in ("create", "update", "patch", "delete") and not free and resource.stored:
        parameters.append({"name": "dryRun", "in": "query", "type": "string", "enum": ["All"]})
    bodies = {"create": name, "update": name, "patch": f"{META}Patch", "delete": f"{META}DeleteOptions"}
    if verb in bodies:
        schema = {"type": "object"} if free else reference(bodies[verb])
        parameters.append({"name": "body", "in": "body", "required": verb != "delete", "schema": schema})
    return parameters


_LISTING: tuple[Document, ...] = (
    {"name": "labelSelector", "in": "query", "type": "string"},
    {"name": "fieldSelector", "in": "query", "type": "string"},
    {"name": "limit", "in": "query", "type": "integer", "minimum": 0},
    {"name": "continue", "in": "query", "type": "string"},
    {"name": "resourceVersion", "in": "query", "type": "string"},
    {"name": "timeoutSeconds", "in": "query", "type": "integer", "minimum": 0},
    {"name": "watch", "in": "query", "type": "boolean"},
    {"name": "allowWatchBookmarks", "in": "query", "type": "boolean"},
)
