"""No limit on requests in flight."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.examples import api_server
from snowpit.lint.rule import Example, Rule, Severity, Violation, fair, servers, where
from snowpit.model.observation.configuration import Configuration
from snowpit.model.quantity import whole


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    for process, version in servers(configuration, plane):
        for name in ("max-requests-inflight", "max-mutating-requests-inflight"):
            setting = process.flags.get(name)
            if setting and whole(setting.value) == 0:
                meaning = (
                    "adds nothing to the seats of priority and fairness"
                    if fair(process, version)
                    else "admits every request"
                )
                yield Violation(f"--{name}=0 {meaning}.", where(process, setting))


RULE = Rule(
    id="inflight-unlimited",
    title="In-flight limits are not turned off",
    severity=Severity.ERROR,
    why=(
        "Zero turns the gate off where priority and fairness is off: every request is admitted, and "
        "the server ends when its memory does. With priority and fairness, which adds both limits "
        "up, a total of zero keeps the server from starting and one zero shrinks every level."
    ),
    remedy=("Remove the flag to return to the defaults (400 and 200), or set a limit."),
    sources=(
        "kubernetes/apiserver 1.12.0 pkg/server/filters/maxinflight.go",
        "kubernetes/apiserver pkg/util/flowcontrol 1.20",
    ),
    good=(Example(api_server("v1.18.1", "--max-requests-inflight=400")),),
    bad=(
        Example(api_server("v1.18.1", "--max-requests-inflight=0")),
        Example(api_server("v1.30.1", "--max-mutating-requests-inflight=0")),
        Example(api_server("v1.28.1", "--max-requests-inflight=0", "--enable-priority-and-fairness=false")),
    ),
    find=find,
)
