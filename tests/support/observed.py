"""Observations of a healthy server, by hand, for tests that need no traffic."""

from snowpit.model.observation import (
    ChangePoint,
    ControlPlaneHints,
    FailedLogins,
    Lists,
    Loopback,
    Observed,
    OpenRequests,
    PolicyView,
    Relists,
    Retries,
    SeatKind,
    Seats,
    Timeline,
    Traffic,
)
from snowpit.model.observation.clients import Evenness
from snowpit.model.observation.traffic import ClassTraffic, RequestClass
from snowpit.model.window import Window

WINDOW = Window(0, 100_000_000)
EVEN = Evenness(sources=0, top="", top_share=0.0, gini=0.0, median=0.0)


def seat_kind(kind: str, *, rejected: int = 0) -> SeatKind:
    return SeatKind(
        kind=kind,
        held_s=10.0,
        mean=0.1,
        peak=7,
        peak_at=1,
        plateau=None,
        plateau_share=0.0,
        plateau_s=0,
        plateau_window=None,
        rejected=rejected,
        rejected_on_plateau=0.0,
        holders=(),
    )


def traffic(attempts: int, *, rejected: int, timed_out: int) -> Traffic:
    outcomes = {"ok": attempts - rejected - timed_out, "rejected": rejected, "timed_out": timed_out}
    outcomes = {name: number for name, number in outcomes.items() if number}
    pods = ClassTraffic(
        key=RequestClass("create", "", "pods", ""),
        mutating=True,
        long_running=False,
        attempts=attempts,
        outcomes=outcomes,
        arrival_rate=attempts / WINDOW.seconds,
        peak_rate=10,
        held_s=10.0,
        held_share=1.0,
        p50_s=0.01,
        p90_s=0.02,
        p99_s=0.05,
        max_s=0.1,
    )
    return Traffic(
        attempts=attempts,
        outcomes=outcomes,
        arrival_rate=attempts / WINDOW.seconds,
        goodput=1.0,
        classes=(pods,) if attempts else (),
        active_seconds=100,
    )


def healthy(attempts: int = 10_000, *, rejected: int = 0, timed_out: int = 0) -> Observed:
    """A quiet server; with refusals and time-outs if asked for."""
    return Observed(
        window=WINDOW,
        traffic=traffic(attempts, rejected=rejected, timed_out=timed_out),
        timeline=Timeline(start=0, step_s=1.0, series={}),
        seats=Seats(
            mutating=seat_kind("mutating", rejected=rejected),
            readonly=seat_kind("readonly"),
            server="",
            servers=1,
        ),
        open_requests=OpenRequests(
            visible=True, count=0, watches=0, peak=0, peak_at=None, by_class=(), oldest_s=None
        ),
        modes=(),
        drains=(),
        waves=(),
        change=ChangePoint(at=None, what="", before=0.0, after=0.0, first_class=""),
        clients=(),
        evenness={},
        kinds=(),
        reviews=(),
        logins=FailedLogins(
            attempts=0,
            share=0.0,
            rate=0.0,
            peak_rate=0,
            bearer=None,
            sources=EVEN,
            top_sources=(),
            top_agents=(),
        ),
        loopback=Loopback(
            visible=False,
            secrets=0,
            serviceaccounts=0,
            distinct_secrets=0,
            peak_rate=0,
            busy_rate=0.0,
            busy_s=0,
            repeated=0,
            after_timeout=0,
        ),
        lists=Lists(
            attempts=0,
            held_share=0.0,
            from_storage=0,
            paged=0,
            from_cache=0,
            unknown=0,
            rate=0.0,
            p50_s=None,
            p99_s=None,
            top=(),
        ),
        relists=Relists(
            lists=0,
            watches=0,
            at=None,
            clients=0,
            typical=0.0,
            gap_before_s=0.0,
            watches_ended=0,
            gone=0,
            share=0.0,
            decays=False,
        ),
        retries=Retries(
            attempts=0,
            retries=0,
            requests=0,
            amplification=1.0,
            after_rejection=0,
            gap_p50_s=None,
            growing=0.0,
            by_class=(),
            longest=(),
        ),
        stalls=(),
        webhooks={},
        policy=PolicyView(
            window=WINDOW,
            gaps=(),
            levels={"Metadata": attempts},
            stages={},
            has_received=True,
            has_read=True,
            has_write=True,
            has_reviews=False,
            has_review_bodies=False,
            has_nodes=True,
            has_loopback=False,
            has_failures=False,
            has_annotations=False,
            authentication_timed=False,
            blind=(),
        ),
        hints=ControlPlaneHints(
            server_version=None, client_versions=(), nodes=10, servers=1, users=20, serviceaccounts=5
        ),
    )
