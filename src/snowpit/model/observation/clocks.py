"""How far the clocks of two pieces of evidence are apart."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockOffset:
    """Times of one source against those of another, by facts that both tell.

    Args:
        source: File whose clock is compared.
        reference: File it is compared with.
        basis: What both tell: ``audit ID``, ``same request`` or ``start of the process``.
        pairs: Facts that both tell.
        offset_s: Median of its time less that of the reference, seconds: positive if its clock is ahead.
        spread_s: Half the distance between the 10th and the 90th percentile of the differences.
    """

    source: str
    reference: str
    basis: str
    pairs: int
    offset_s: float
    spread_s: float
