"""What a kubelet writes into its log when the API server does not answer it, or it refuses a caller.

Source: kubernetes pkg/kubelet/server/server.go, kubelet_node_status.go and pkg/kubelet/nodelease/controller.go 1.12.4;
kubernetes/apiserver plugin/pkg/{authenticator/token,authorizer}/webhook/webhook.go 1.12.4 to 1.28.0. That the kubelet's own
lines are structured from 1.21, and lines of leases from 1.26, is recalled, as are the numbers of source lines.
"""

from snowpit.knowledge.version import Version
from snowpit.lab.around.component_log import ComponentLog, quoted, structured


class KubeletLog:
    """The log.

    Args:
        log: Where lines go.
        version: The kubelet's version.
        node: Name of its node.
    """

    def __init__(self, log: ComponentLog, version: Version, node: str) -> None:
        self._log, self._version, self._node = log, version, node
        self._structured = version.at_least("1.21.0")
        self.flush = log.flush
        if version.at_least("1.20.0"):
            log.line("I", "server.go:440", structured("Kubelet version", kubeletVersion=f"v{version}"))
        else:
            log.line("I", "server.go:417", f"Version: v{version}")

    def review_failed(self, error: str) -> None:
        """A TokenReview was given up."""
        self._log.line("E", "webhook.go:106", f"Failed to make webhook authenticator request: {error}")

    def access_failed(self, error: str) -> None:
        """A SubjectAccessReview was given up."""
        self._log.line("E", "webhook.go:192", f"Failed to make webhook authorizer request: {error}")

    def unauthenticated(self, error: str) -> None:
        """A caller whom nobody knows was sent away."""
        self._error("server.go:245", "Unable to authenticate the request due to an error", error)

    def undecided(self, what: dict[str, str], error: str) -> None:
        """It could not be found out whether a caller may do something; before 1.21 the error is where fmt puts surplus values."""
        if self._structured:
            self._log.line("E", "server.go:293", structured("Authorization error", error=error, **what))
            return
        text = f"Authorization error {in_words(what)}%!(EXTRA *errors.StatusError={error})"
        self._log.line("E", "server.go:258", text)

    def forbidden(self, what: dict[str, str]) -> None:
        """A caller may not do something (at -v=2)."""
        if self._structured:
            self._log.line("I", "server.go:299", structured("Forbidden", **what))
        else:
            self._log.line("I", "server.go:264", f"Forbidden {in_words(what)}")

    def status_failed(self, error: str, heartbeat: str) -> None:
        """An attempt to write the node's status failed.

        Args:
            error: Why.
            heartbeat: When, as the patch has it.
        """
        patch = f'{{"status":{{"conditions":[{{"lastHeartbeatTime":"{heartbeat}","type":"Ready"}}]}}}}'
        told = f"failed to patch status {quoted(patch)} for node {quoted(self._node)}: {error}"
        head = "Error updating node status, will retry"
        if self._structured:
            self._log.line("E", "kubelet_node_status.go:470", structured(head, error=told))
        else:
            self._log.line("E", "kubelet_node_status.go:391", f"{head}: {told}")

    def status_given_up(self) -> None:
        """All attempts to write the status failed."""
        self._error(
            "kubelet_node_status.go:379",
            "Unable to update node status",
            "update node status exceeds retry count",
        )

    def lease_failed(self, error: str) -> None:
        """An attempt to renew the lease failed."""
        if self._version.at_least("1.26.0"):
            self._log.line("E", "controller.go:195", structured("Failed to update lease", error=error))
            return
        what = "lease" if self._version.at_least("1.18.0") else "node lease"
        self._log.line("E", "controller.go:180", f"failed to update {what}, error: {error}")

    def _error(self, place: str, text: str, error: str) -> None:
        told = structured(text, error=error) if self._structured else f"{text}: {error}"
        self._log.line("E", place, told)


def in_words(what: dict[str, str]) -> str:
    """What a caller asks for, as kubelets tell it.

    >>> in_words({"user": "jo", "verb": "get"})
    '(user=jo, verb=get)'
    """
    return f"({', '.join(f'{key}={value}' for key, value in what.items())})"
