"""Marks of the loopback client's limiter (50 look-ups a second, burst 100), whichever hypothesis asks.

Source: kubernetes 1.12 staging/src/k8s.io/apiserver/pkg/server/config_selfclient.go; measured on kube-apiserver 1.13.5.
"""

from snowpit.cluster.control_plane import ControlPlane
from snowpit.diagnose.lines import loopback_waits
from snowpit.diagnose.weigh import Scales, near
from snowpit.diagnose.words import count, listed, rate, seconds
from snowpit.model.observation import Drain, Observed

LIMITER_PER_S = 50.0
"""Rate of the loopback client's token bucket."""


def weigh_limiter(scales: Scales, observed: Observed, plane: ControlPlane) -> None:
    """Put on the scales what betrays the limiter: completions and look-ups at its rate, and dead work."""
    drain = review_drain(observed)
    if drain is not None:
        scales.supports(
            near(drain.rate, LIMITER_PER_S, within=0.1) or near(drain.rate, LIMITER_PER_S / 2, within=0.1),
            f"Slow reviews end at {rate(drain.rate)} in {count(drain.pulses)} pulses with up to {seconds(drain.silence_s)} of silence between: the law of the "
            f"loopback client's limiter ({rate(LIMITER_PER_S)}, two look-ups a token).",
            observation="drains",
            weight=0.9,
        )
    loop = observed.loopback
    scales.supports(
        loop.busy_s >= 3,  # noqa: PLR2004
        f"The server looks up Secrets and ServiceAccounts at itself ({count(loop.secrets)} + {count(loop.serviceaccounts)} GETs), for "
        f"{count(loop.busy_s)} s at 45 to 55 a second: its limiter allows {rate(LIMITER_PER_S)} after a burst of 100.",
        observation="loopback",
        weight=0.8,
    )
    scales.supports(
        loop.after_timeout >= 20,  # noqa: PLR2004
        f"{count(loop.after_timeout)} look-ups run on after their reviews ended: dead work that still spends the limiter.",
        observation="loopback",
        weight=0.4,
    )
    weigh_waits(scales, observed)
    scales.misses(
        not loop.visible and not waits_full(observed) and plane.may("authentication_before_seats"),
        "GETs of secrets and serviceaccounts by system:apiserver in the audit log, or `Throttling request took` lines of the API server at -v=4",
    )


def waits_full(observed: Observed) -> bool:
    """Whether throttling lines of the API server show its own limiter full for seconds on end.

    Only long waits are logged, so the rate of the lines is a lower bound of the limiter's.
    """
    found = loopback_waits(observed)
    if found is None or found.busy_s < 3 or found.max_wait_s < 1.0:  # noqa: PLR2004 - longer than the burst lasts
        return False
    return found.rate <= 1.2 * LIMITER_PER_S


def weigh_waits(scales: Scales, observed: Observed) -> None:
    """Put on the scales what the API server's own throttling lines say: which objects, many or one, and how long."""
    found = loopback_waits(observed)
    if found is None:
        return
    kinds = listed(
        [f"{name} ({count(lines)} for {count(distinct)} objects)" for name, lines, distinct in found.objects]
    )
    at_rate = f"; they get through at {rate(found.rate)}" if found.rate else ""
    scales.supports(
        waits_full(observed),
        f"{count(found.lines)} throttling lines of the API server's own client: {kinds}, waits up to {seconds(found.max_wait_s)}{at_rate}.",
        observation="logs.limited",
        weight=1.0,
        at=found.pointers,
    )


def review_drain(observed: Observed) -> Drain | None:
    """The drain of slow TokenReviews; null if there is none."""
    return next((item for item in observed.drains if item.key.resource == "tokenreviews"), None)
