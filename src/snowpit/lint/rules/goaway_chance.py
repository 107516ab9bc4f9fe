"""Clients that stay on one of several API servers."""

from collections.abc import Iterator

from snowpit.cluster.control_plane import ControlPlane
from snowpit.lint.examples import api_server
from snowpit.lint.planes import members, plane_of
from snowpit.lint.rule import Example, Rule, Severity, Violation, servers, where
from snowpit.model.observation.configuration import Configuration
from snowpit.model.quantity import whole


def find(configuration: Configuration, plane: ControlPlane) -> Iterator[Violation]:
    """Places that break the rule."""
    found = [
        process
        for process, version in servers(configuration, plane)
        if version is None or version.at_least("1.18")
    ]
    planes = members(found)
    for process in found:
        told = process.flags.get("apiserver-count")
        count = max(len(planes[plane_of(process)]), whole(told.value) or 1 if told else 1)
        if count > 1 and "goaway-chance" not in process.flags:
            yield Violation(
                f"This is one of {count} API servers, and it never closes connections so that clients spread again"
                " (no --goaway-chance).",
                where(process),
            )


RULE = Rule(
    id="goaway-chance",
    title="Clients spread over API servers again after a restart",
    severity=Severity.NOTE,
    why=(
        "HTTP/2 connections live until one end closes them. After one server restarts, its clients "
        "stay with the others: the load is uneven until everything reconnects. With --goaway-chance "
        "a server closes a small share of connections so that they spread."
    ),
    remedy=("Set --goaway-chance=0.001 where there is a load balancer and more than one server."),
    sources=("kubernetes/kubernetes#88567",),
    good=(Example(api_server("v1.30.1", "--goaway-chance=0.001")),),
    bad=(
        Example("""\
apiVersion: v1
kind: Pod
metadata: {name: kube-apiserver}
spec:
  containers:
  - name: kube-apiserver
    image: kube-apiserver:v1.30.1
    command: [kube-apiserver, --apiserver-count=3]
"""),
    ),
    find=find,
)
