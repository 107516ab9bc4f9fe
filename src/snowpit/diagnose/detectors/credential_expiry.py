"""A certificate or token ran out, and what used it now fails and retries: a trigger that is over in an instant.

Claim:
    Credentials expired within the evidence, and their users began to fail.

Mechanism:
    Components of a cluster are set up at one time, so their certificates end at one time, a year later by default. From that
    instant every request of theirs fails authentication, is not remembered, and comes again. Tokens that were
    replaced at the source but not at the client do the same.

Evidence for:
    Lines `x509: certificate has expired` or `token has expired`; a kubelet's certificate with no time left; 401 answers that begin
    at one instant.

Evidence against:
    Logs without such lines; certificates with time left.

Easily mistaken for:
    A flood of invalid tokens by one misconfigured client (then the others are fine).

Cannot tell when:
    There are neither logs nor the metrics that tell the time left.

Remedy:
    Renew the certificates, restart what holds them, and let them rotate from now on.

Sources:
    kubernetes documentation on certificate management with kubeadm; kubernetes/kubernetes#124204, #135450.
"""

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.beside import measured, places
from snowpit.diagnose.lines import lines, weigh_lines, writes_log
from snowpit.diagnose.weigh import Profile, Scales, conclude
from snowpit.diagnose.words import count
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import Observed

PROFILE = Profile(
    id="credential_expiry",
    title="A certificate or token expired",
    role=Role.CAUSE,
    mistaken_for=("invalid tokens of one client: then the others are fine",),
    sources=("kubernetes/kubernetes#124204", "kubernetes/kubernetes#135450"),
    explains=("invalid_tokens", "nodes_not_ready", "lease_lost"),
    mechanism="Whoever holds the credential fails from one instant on, is not remembered as failing, and asks again and again.",
)

MIN_LINES = 3
DAY_S = 86_400.0


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    told = lines(observed, "certificate", subject="expired")
    tokens = lines(observed, "authentication", subject="expired")
    left = measured(observed).gauge("kubelet_certificate_manager_client_ttl_seconds")
    ended = [item for item in left if item.last <= 0]
    scales = Scales()
    weigh_lines(
        scales,
        told,
        f"{count(told.count)} lines of logs tell of certificates that have expired.",
        weight=1.0,
        least=MIN_LINES,
    )
    weigh_lines(
        scales,
        tokens,
        f"{count(tokens.count)} lines of logs tell of tokens or certificates that have expired, at authentication.",
        weight=0.9,
        least=MIN_LINES,
    )
    scales.supports(
        bool(ended),
        f"The client certificate of {count(len(ended))} kubelets has no time left.",
        observation="metrics.gauges",
        weight=1.0,
        at=places(ended),
    )
    seen = told.count >= MIN_LINES or tokens.count >= MIN_LINES or bool(ended)
    scales.supports(
        seen and observed.logins.attempts > 0,
        f"{count(observed.logins.attempts)} requests fail authentication (401).",
        observation="logins",
        weight=0.4,
        at=observed.logins.samples,
    )
    logged = any(
        writes_log(observed, name) for name in ("kube-apiserver", "kubelet", "kube-controller-manager")
    )
    fine = bool(left) and all(item.last > DAY_S for item in left)
    scales.opposes(
        not seen and (logged or fine),
        "No line of the logs tells of anything that has expired."
        if logged
        else "The kubelets' certificates have time left.",
        observation="logs" if logged else "metrics.gauges",
        weight=1.0,
        at=() if logged else places(left),
    )
    known = logged or bool(left)
    scales.misses(
        not known, "logs of the API server and of clients that fail, or the dates of their certificates"
    )
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=seen,
        harmful=seen,
        visible=known or seen,
        claim=f"Credentials have expired: {count(told.count + tokens.count)} lines of logs say so"
        + (f", and {count(len(ended))} kubelets have a certificate without time left." if ended else "."),
        denial="Nothing is seen to have expired."
        if known
        else "Dates of certificates and tokens are not in this evidence.",
        numbers={
            "lines": told.count + tokens.count,
            "kubelets": len(ended),
            "logins_failed": observed.logins.attempts,
        },
        impact=min(1.0, 0.2 + observed.logins.share),
        would_change="The same failures before the date of expiry.",
    )
