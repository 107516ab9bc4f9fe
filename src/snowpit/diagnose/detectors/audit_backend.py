"""The audit backend loses events, or holds requests up.

Claim:
    The API server cannot write its audit events as fast as they come: events are lost, requests are refused or wait for them.

Mechanism:
    In mode blocking every request waits until its event is written, so a slow disk or webhook makes every request slow; in mode
    blocking-strict a failure fails the request. In mode batch a buffer of 10,000 events overflows and drops what comes after, while
    full batches pile up in memory if a webhook answers slowly.

Evidence for:
    Growing apiserver_audit_error_total or apiserver_audit_requests_rejected_total; log lines of the audit plugin; memory
    that grows with the volume.

Evidence against:
    Events are counted and no error is.

Easily mistaken for:
    A slow database (then events are complete); an audit policy that leaves out requests (then nothing is counted as lost).

Cannot tell when:
    There are no metrics and no log of the API server: what is lost is not in the audit log.

Remedy:
    Write to a local file in mode batch; log less (level Metadata); give the webhook more room or take it away.

Sources:
    kubernetes/kubernetes#85489; apiserver pkg/audit/metrics.go, plugin/pkg/audit.
"""

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.beside import APISERVER, exposes, grown, measured, places, since
from snowpit.diagnose.lines import lines, weigh_lines, writes_log
from snowpit.diagnose.weigh import Profile, Scales, conclude
from snowpit.diagnose.words import count
from snowpit.model.finding import Finding, Role
from snowpit.model.observation import Observed

PROFILE = Profile(
    id="audit_backend",
    title="The audit backend is in trouble",
    role=Role.CAUSE,
    mistaken_for=("a slow database: then no event is lost",),
    sources=("kubernetes/kubernetes#85489", "apiserver pkg/audit/metrics.go"),
    explains=("server_stall",),
    mechanism="Events that cannot be written hold up their requests (mode blocking), or pile up in memory and are dropped (mode batch).",
)

MIN_LOST = 10


def detect(observed: Observed, plane: ControlPlane) -> Finding:
    """Judge the hypothesis on what was observed."""
    metrics = measured(observed)
    errors = [item for item in metrics.counter("apiserver_audit_error_total") if grown(item) > 0]
    refused = [item for item in metrics.counter("apiserver_audit_requests_rejected_total") if grown(item) > 0]
    lost = sum(map(grown, errors)) + sum(map(grown, refused))
    told = lines(observed, "audit_failed")
    scales = Scales()
    known = exposes(observed, APISERVER) or writes_log(observed, APISERVER)
    scales.misses(not known, "apiserver_audit_error_total and the log of every API server")
    scales.supports(
        sum(map(grown, errors)) >= MIN_LOST,
        f"{count(sum(map(grown, errors)))} audit events were lost {since(errors)}.",
        observation="metrics.counters",
        weight=1.0,
        at=places(errors),
    )
    scales.supports(
        sum(map(grown, refused)) > 0,
        f"{count(sum(map(grown, refused)))} requests were refused because their event could not be written.",
        observation="metrics.counters",
        weight=0.9,
        at=places(refused),
    )
    weigh_lines(
        scales,
        told,
        f"{count(told.count)} lines of the log tell of events that could not be written.",
        weight=1.0 if told.count >= MIN_LOST else 0.6,
    )
    scales.opposes(
        known and lost < MIN_LOST and not told.count,
        f"{count(lost)} audit events were lost, of {count(metrics.grown('apiserver_audit_event_total'))}."
        if exposes(observed, APISERVER)
        else "No line of the API server's log tells of a lost event.",
        observation="metrics.counters" if exposes(observed, APISERVER) else "logs",
        weight=1.0,
    )
    return conclude(
        PROFILE,
        plane,
        scales=scales,
        present=lost >= MIN_LOST or told.count > 0,
        harmful=lost >= MIN_LOST or told.count >= MIN_LOST,
        visible=known,
        claim=f"The audit backend does not keep up: {count(lost)} events or requests were lost, {count(told.count)} lines of the log say so.",
        denial="No audit event is counted as lost."
        if known
        else "Losses of audit events are not in this evidence.",
        numbers={"lost": lost, "lines": told.count},
        impact=0.2,
        would_change="Counters of lost events that stand still.",
    )
