"""A mutating limit at which TokenReviews alone keep an old API server down."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.examples import api_server
from snowpit.lint.rule import Example, Rule, Severity, Violation, servers, where
from snowpit.model.observation.configuration import Configuration
from snowpit.model.quantity import whole

SATURATES = 750
"""Seats from which on reviews of 30 s saturate a limiter of 50 a second."""


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    for process, version in servers(configuration, plane):
        setting = process.flags.get("max-mutating-requests-inflight")
        limit = whole(setting.value) if setting else None
        if limit is not None and limit >= SATURATES and version is not None and not version.at_least("1.14"):
            yield Violation(
                f"{limit} mutating seats let TokenReviews ask for more look-ups than {version} ever serves (50 a second).",
                where(process, setting),
            )


RULE = Rule(
    id="inflight-raised-live-lookups",
    title="The mutating limit stays below what the internal limiter can serve",
    severity=Severity.ERROR,
    why=(
        "Before 1.14 each uncached ServiceAccount token costs two look-ups of the server at itself, "
        "through a limiter of 50 a second. With L seats held for 30 s each, reviews ask for 2 L / "
        "30 look-ups a second: from L = 750 on they saturate the limiter by themselves, and an "
        "overload that would have passed never ends."
    ),
    remedy=("Lower --max-mutating-requests-inflight below 750, or upgrade to 1.14.8 or later."),
    sources=(
        "kubernetes/kubernetes#71811",
        "kubernetes/kubernetes#80465",
        "arithmetic: 2 look-ups, 30 s, 50 a second",
    ),
    good=(
        Example(api_server("v1.12.4", "--max-mutating-requests-inflight=400")),
        Example(api_server("v1.20.1", "--max-mutating-requests-inflight=3000")),
    ),
    bad=(Example(api_server("v1.12.4", "--max-mutating-requests-inflight=3000")),),
    find=find,
)
