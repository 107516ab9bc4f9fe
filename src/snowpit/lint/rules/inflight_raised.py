"""In-flight limits raised so far that they protect nothing."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.examples import api_server
from snowpit.lint.rule import Example, Rule, Severity, Violation, servers, where
from snowpit.model.observation.configuration import Configuration
from snowpit.model.quantity import whole

FAR = (("max-requests-inflight", 4000), ("max-mutating-requests-inflight", 2000))
"""Ten times the defaults."""


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    for process, _ in servers(configuration, plane):
        for name, most in FAR:
            setting = process.flags.get(name)
            limit = whole(setting.value) if setting else None
            if limit is not None and limit > most:
                yield Violation(
                    f"--{name}={limit} is more than ten times the default.", where(process, setting)
                )


RULE = Rule(
    id="inflight-raised",
    title="In-flight limits are not far above the defaults",
    severity=Severity.WARNING,
    why=(
        "The limit is what keeps a server alive when it is overloaded: each request in flight holds "
        "memory and a goroutine. A limit of more than ten times the default is reached only after "
        "memory is."
    ),
    remedy=(
        "Measure how many seats are held at the busiest time and set the limit to about twice that; "
        "find out who fills it."
    ),
    sources=(
        "kubernetes/apiserver 1.12.0 pkg/server/filters/maxinflight.go",
        "kubernetes/kubernetes#47899",
    ),
    good=(Example(api_server("v1.30.1", "--max-requests-inflight=1500")),),
    bad=(
        Example(api_server("v1.30.1", "--max-requests-inflight=40000")),
        Example(api_server("v1.30.1", "--max-mutating-requests-inflight=9000")),
    ),
    find=find,
)
