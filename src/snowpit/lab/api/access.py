"""SubjectAccessReviews and the like: may somebody do something?

Sources: pkg/registry/authorization/*/rest.go and pkg/apis/authorization/validation/validation.go, 1.12 to 1.28.
"""

from typing import Any

import msgspec

from snowpit.lab.api import bodies
from snowpit.lab.api.bodies import invalid, refuse
from snowpit.lab.api.objects import Target
from snowpit.lab.api.rbac import Authorizer
from snowpit.lab.api.shown import answer_object
from snowpit.lab.exchange import Exchange, RequestInfo, User
from snowpit.lab.storage.latency import pause
from snowpit.lab.wire import Response


class _Resource(msgspec.Struct):
    namespace: str = ""
    verb: str = ""
    group: str = ""
    version: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""


class _NonResource(msgspec.Struct):
    path: str = ""
    verb: str = ""


class _Spec(msgspec.Struct):
    resourceAttributes: _Resource | None = None  # noqa: N815 - Kubernetes' names
    nonResourceAttributes: _NonResource | None = None  # noqa: N815
    user: str = ""
    groups: list[str] | None = None
    group: list[str] | None = None
    uid: str = ""


class Access:
    """Handlers of access reviews.

    Args:
        authorizer: Who decides.
    """

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    async def create(self, exchange: Exchange, target: Target) -> Response:
        """POST of a SubjectAccessReview, of one for a namespace, or of one about the user that asks."""
        item = bodies.parse(exchange.request, target.resource.kind)
        exchange.body = item
        bodies.check_kind(item, target.resource, target.version)
        spec = _spec(item, target)
        info = _asked(spec, target)
        if target.resource.namespaced and info.namespace != exchange.info.namespace:
            invalid(
                target.resource,
                "",
                "spec.resourceAttributes.namespace",
                "Invalid value: namespace must match metadata.namespace",
            )
        user = exchange.acting if target.resource.name.startswith("self") else _subject(spec, target)
        allowed, reason = self._authorizer.decide(user, info)
        await pause(target.took)
        status: dict[str, Any] = {"allowed": allowed} | ({"reason": reason} if reason else {})
        metadata = {**item["metadata"], "creationTimestamp": None}
        head = {"kind": target.resource.kind, "apiVersion": target.api_version, "metadata": metadata}
        return answer_object(exchange, 201, {**head, "spec": item["spec"], "status": status})

    async def rules(self, exchange: Exchange, target: Target) -> Response:
        """POST of a SelfSubjectRulesReview."""
        item = bodies.parse(exchange.request, target.resource.kind)
        exchange.body = item
        bodies.check_kind(item, target.resource, target.version)
        spec = item.get("spec") or {}
        namespace = spec.get("namespace") if isinstance(spec, dict) else None
        if not isinstance(namespace, str) or not namespace:
            refuse("no namespace on request")
        rules = [
            rule for grant in self._authorizer.grants(exchange.acting, namespace) for rule in grant.rules
        ]
        await pause(target.took)
        status = {
            "resourceRules": [dict(rule) for rule in rules if not rule.get("nonResourceURLs")],
            "nonResourceRules": [dict(rule) for rule in rules if rule.get("nonResourceURLs")],
            "incomplete": False,
        }
        head = {"kind": target.resource.kind, "apiVersion": target.api_version}
        body = {**head, "metadata": {"creationTimestamp": None}, "spec": {}, "status": status}
        return answer_object(exchange, 201, body)


def _spec(item: dict[str, Any], target: Target) -> _Spec:
    try:
        return msgspec.convert(item.get("spec") or {}, _Spec)
    except msgspec.ValidationError as error:
        refuse(
            f'{target.resource.kind} in version "{target.version}" cannot be handled as a {target.resource.kind}: {error}'
        )


def _asked(spec: _Spec, target: Target) -> RequestInfo:
    resource, other = spec.resourceAttributes, spec.nonResourceAttributes
    if (resource is None) == (other is None):
        field = "spec.resourceAttributes"
        invalid(
            target.resource,
            "",
            field,
            "Invalid value: exactly one of nonResourceAttributes or resourceAttributes must be specified",
        )
    if other is not None:
        return RequestInfo(resource_request=False, verb=other.verb, path=other.path)
    held = resource or _Resource()
    return RequestInfo(
        resource_request=True,
        verb=held.verb,
        group=held.group,
        version=held.version,
        resource=held.resource,
        subresource=held.subresource,
        namespace=held.namespace,
        name=held.name,
    )


def _subject(spec: _Spec, target: Target) -> User:
    groups = (spec.groups if target.version == "v1" else spec.group) or []
    if not spec.user and not groups:
        invalid(
            target.resource,
            "",
            "spec.user",
            'Invalid value: "": at least one of user or group must be specified',
        )
    return User(spec.user, spec.uid, tuple(groups))
