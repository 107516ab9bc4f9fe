"""The API servers: version, limits, the loopback limiter and its reads."""

from snowpit.cluster import ControlPlane, Sourced, simulated, with_values
from snowpit.cluster.change import PARAMETERS
from snowpit.cluster.control_plane import LIMITS, NO_LIMIT, SIMULATED
from snowpit.errors import EvidenceError
from snowpit.forecast.calibrate.account import Part, of_service, service
from snowpit.model.forecast import Estimate, Source, Unidentified
from snowpit.model.observation import Observed
from snowpit.model.observation.demand import Demand

AS_SHIPPED = 0.1
"""A rate that is no further from the version's own is taken for it."""

SURE = 10
"""429s that show a plateau of held seats to be the limit."""


def control_plane(plane: ControlPlane, observed: Observed, demand: Demand) -> tuple[ControlPlane, Part]:
    """The parameters of the API servers, and where each comes from.

    Args:
        plane: As the diagnosis knows it: facts of the version, flags, the user's limits.
        observed: Observations.
        demand: What calibration measures.

    Raises:
        EvidenceError: If nothing tells the version.
    """
    version = plane.version
    if version is None:
        raise EvidenceError(
            "The evidence does not tell which version the API server is.",
            "Give it: --server-version 1.12.4 (kubectl version shows it).",
        )
    told = {
        name: _normal(name, value)
        for name, value in plane.values.items()
        if value.source in ("observed", "flag") and name in PARAMETERS
    }
    values = dict(told)
    limits, limits_part = _limits(plane, told, observed)
    rate, rate_part = _limiter(simulated(version), demand)
    read, read_part = _read(demand, limited=(simulated(version).number("loopback_qps") or -1.0) > 0)
    values |= limits | rate | read
    found = with_values(simulated(version, version_source="observed"), values)
    part = Part((_version(plane), *(_flag(name, value) for name, value in told.items())))
    return found, part + limits_part + rate_part + read_part


def _normal(name: str, value: Sourced) -> Sourced:
    """No limit as the number that stands for it."""
    if name in LIMITS.values() and value.value == -1:
        return value._replace(value=NO_LIMIT)
    return value


def _version(plane: ControlPlane) -> Estimate:
    sourced = plane.values.get("version")
    source = Source.FLAG if sourced is not None and sourced.source == "flag" else Source.MEASURED
    reference = sourced.reference if sourced is not None else "the evidence"
    return Estimate(key="version", value=str(plane.version), source=source, reference=reference)


def _flag(name: str, value: Sourced) -> Estimate:
    return Estimate(
        key=name,
        value=value.value if isinstance(value.value, str) else float(value.value),
        unit=value.unit,
        source=Source.FLAG,
        reference=value.reference,
    )


def _limits(
    plane: ControlPlane, told: dict[str, Sourced], observed: Observed
) -> tuple[dict[str, Sourced], Part]:
    """Limits that no flag tells: the plateau at which requests were refused, else the version's own."""
    found: dict[str, Sourced] = {}
    estimates = []
    for kind, name in LIMITS.items():
        if name in told:
            continue
        seats = observed.seats.mutating if kind == "mutating" else observed.seats.readonly
        if seats.plateau and seats.rejected >= SURE and seats.rejected_on_plateau > 0.5:  # noqa: PLR2004 - most of them
            reference = f"{seats.rejected:,} answers 429 while {seats.plateau} seats were held"
            found[name] = Sourced(seats.plateau, "requests", "observed", reference)
            estimates.append(
                Estimate(
                    key=name,
                    value=seats.plateau,
                    low=0.95 * seats.plateau,
                    high=1.05 * seats.plateau,
                    unit="requests",
                    source=Source.MEASURED,
                    reference=reference,
                )
            )
        else:
            estimates.append(
                Estimate(
                    key=name,
                    value=plane.limit(kind),
                    unit="requests",
                    source=Source.VERSION_DEFAULT,
                    reference=f"--{name.replace('_', '-')} is not in the evidence",
                )
            )
    missing = [item for item in estimates if item.source is Source.VERSION_DEFAULT]
    unknown = (
        Unidentified(
            "In-flight limits of the API servers.",
            "The flags: kubectl -n kube-system get pods -l component=kube-apiserver -o yaml > pods.yaml, or --limits mutating=200,readonly=400.",
        ),
    )
    return found, Part(tuple(estimates), unknown if missing else ())


def _limiter(base: ControlPlane, demand: Demand) -> tuple[dict[str, Sourced], Part]:
    """Rate of the loopback limiter: as it worked while look-ups waited, else the version's own."""
    shipped = base.number("loopback_qps") or -1.0
    if shipped < 0:
        reference = "no limiter before the look-ups of this version"
        return {}, Part(
            (Estimate(key="loopback_qps", value=-1.0, source=Source.VERSION_DEFAULT, reference=reference),)
        )
    burst = base.number("loopback_burst") or 2.0 * shipped
    rate, least, most = _worked(demand)
    if rate is None or abs(rate / shipped - 1.0) <= AS_SHIPPED:
        seen = "" if rate is None else f"{rate:.1f} look-ups a second while they waited"
        return {}, Part(
            (
                _rate(
                    "loopback_qps",
                    shipped,
                    (shipped, shipped),
                    Source.VERSION_DEFAULT,
                    seen or "not seen at work",
                ),
                _rate("loopback_burst", burst, (burst, burst), Source.VERSION_DEFAULT, "of the version"),
            )
        )
    reference = "look-ups a second while they waited"
    scaled = max(1.0, round(burst * rate / shipped))
    return {
        "loopback_qps": Sourced(rate, "requests/s", "observed", reference),
        "loopback_burst": Sourced(scaled, "requests", "observed", "as many times the version's as the rate"),
    }, Part(
        (
            _rate(
                "loopback_qps",
                rate,
                (min(least, 0.98 * rate), max(most, 1.02 * rate)),
                Source.MEASURED,
                reference,
            ),
            _rate(
                "loopback_burst",
                scaled,
                (0.5 * scaled, 2.0 * scaled),
                Source.ASSUMED,
                "as many times the version's as the rate",
            ),
        )
    )


def _worked(demand: Demand) -> tuple[float | None, float, float]:
    """Rate of one limiter while look-ups waited, and its bounds: by the audit log, else by lines of the server's log."""
    found = demand.limiter
    if found.rate is not None:
        return tuple(value / demand.servers for value in (found.rate, found.rate_low, found.rate_high))  # type: ignore[return-value]
    if found.grant is None:
        return None, 0.0, 0.0
    rate = 1.0 / found.grant.median
    return (
        rate,
        min(0.9 * rate, 1.0 / found.grant.high),
        max(1.1 * rate, min(1.0 / found.grant.low, 2.0 * rate)),
    )


def _rate(key: str, value: float, bounds: tuple[float, float], source: Source, reference: str) -> Estimate:
    unit = "requests/s" if key.endswith("qps") else "requests"
    return Estimate(
        key=key, value=value, low=bounds[0], high=bounds[1], unit=unit, source=source, reference=reference
    )


def _read(demand: Demand, *, limited: bool) -> tuple[dict[str, Sourced], Part]:
    """Time of one look-up."""
    read = demand.limiter.read
    if read is None or read.median <= 0:
        reference = "the server's own requests are not in the audit log while it is calm"
        estimate = Estimate(
            key="loopback_read_s",
            value=float(SIMULATED["loopback_read_s"].value),
            low=0.0005,
            high=0.02,
            unit="s",
            source=Source.ASSUMED,
            reference=reference,
        )
        return {}, Part((estimate,), (_LOOKUPS,) if limited else ())
    delay = service(read)
    reference = "requests of system:apiserver in the audit log"
    return {
        "loopback_read_s": Sourced(delay.mean_s, "s", "observed", reference),
        "loopback_read_sigma": Sourced(delay.sigma, "", "observed", reference),
    }, Part((of_service("loopback_read_s", read, delay, reference),))


_LOOKUPS = Unidentified(
    "How long the server's own look-ups take, and which tokens they are for.",
    "An audit policy that keeps them (snowpit policy > policy.yaml), or the server's log at -v=4 before 1.18.",
)
