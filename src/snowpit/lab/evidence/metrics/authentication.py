"""Authentication and authorization in /metrics.

Source: kubernetes/apiserver pkg/endpoints/filters/{metrics,authentication,authn_audit}.go, pkg/authentication/token/cache/stats.go,
kubernetes pkg/serviceaccount/metrics.go; first releases as in dumps of 1.13.5 to 1.34.0.
"""

from snowpit.knowledge.version import Version
from snowpit.lab.evidence.metrics import bounds
from snowpit.lab.evidence.metrics.exposition import Families, Labels
from snowpit.lab.inside import Inside

TOKENS = ("legacy", "stale", "valid")
TRACKED = (
    "serviceaccount_legacy_auto_token_uses_total",
    "serviceaccount_legacy_manual_token_uses_total",
    "serviceaccount_invalid_legacy_auto_token_uses_total",
)


class Authentication:
    """What one server counts of credentials.

    Args:
        families: Where it is counted.
        version: The server's version.
    """

    def __init__(self, families: Families, version: Version) -> None:
        self._families, self._version = families, version
        self._attempts = version.at_least("1.16.0")
        self._timed = version.at_least("1.17.0")
        self._cached = version.at_least("1.18.0")
        self._accounts = version.at_least("1.19.0")
        self._authorizes = version.at_least("1.28.0")
        names = [f"serviceaccount_{kind}_tokens_total" for kind in TOKENS] if self._accounts else []
        if version.at_least("1.29.0"):
            names += TRACKED
        for name in names:
            families.count(name, by=0.0)

    def tried(self, user: str | None, result: str, seconds: float) -> None:
        """A request passed the chain; ``user`` is null unless that went well."""
        if user is not None:
            self._families.count("authenticated_user_requests", (("username", compressed(user)),))
        labels = (("result", result),)
        if self._attempts:
            self._families.count("authentication_attempts", labels)
        if self._timed:
            self._families.observe("authentication_duration_seconds", seconds, bounds.AUTHENTICATION, labels)

    def cache(self, *, hit: bool) -> None:
        """The token cache was asked."""
        if self._cached:
            labels = (("status", "hit" if hit else "miss"),)
            self._families.count("authentication_token_cache_request_total", labels)

    def fetched(self, seconds: float, *, ok: bool) -> None:
        """A validation behind the cache ended."""
        if self._cached:
            labels = (("status", "ok" if ok else "error"),)
            self._families.count("authentication_token_cache_fetch_total", labels)
            name = "authentication_token_cache_request_duration_seconds"
            self._families.observe(name, seconds, bounds.TOKEN_CACHE, labels)

    def validated(self, *, legacy: bool) -> None:
        """A ServiceAccount token was found good."""
        if self._accounts:
            self._families.count(f"serviceaccount_{'legacy' if legacy else 'valid'}_tokens_total")
        if legacy and self._version.at_least("1.29.0"):
            self._families.count("serviceaccount_legacy_manual_token_uses_total")

    def authorized(self, authorizer: str, seconds: float, *, allowed: bool) -> None:
        """The authorizers decided.

        Args:
            authorizer: ``Node`` or ``RBAC``; empty where the group system:masters did.
            seconds: What it took.
            allowed: Whether the request may pass.
        """
        if self._authorizes:
            labels = (("result", "allowed" if allowed else "no-opinion"),)
            self._families.count("authorization_attempts_total", labels)
            self._families.observe("authorization_duration_seconds", seconds, bounds.AUTHENTICATION, labels)
        if allowed and authorizer and self._version.at_least("1.31.0"):
            deciding: Labels = (("decision", "allowed"), ("name", authorizer.lower()), ("type", authorizer))
            self._families.count("apiserver_authorization_decisions_total", deciding)

    def show(self, inside: Inside) -> None:
        """Set the gauge of validations under way."""
        if self._cached:
            for status, name in (("in_flight", "fetching"), ("blocked", "blocked")):
                self._families.set(
                    "authentication_token_cache_active_fetch_count",
                    inside.number(name),
                    (("status", status),),
                )


def compressed(name: str) -> str:
    """A user name as the server compresses it (pkg/endpoints/filters/authentication.go)."""
    if name in ("admin", "client", "kube_proxy", "kubelet", "system:serviceaccount:kube-system:default"):
        return name
    return "email_id" if "@" in name else "other"
