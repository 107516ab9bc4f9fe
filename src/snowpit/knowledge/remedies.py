"""What ends an overload, best first, by version; kept in ``remedies.toml``."""

from collections.abc import Mapping
from typing import Any

from snowpit.knowledge.ranges import tables, versions_text
from snowpit.knowledge.version import Version
from snowpit.model.finding import Remedy


def _applies(raw: Mapping[str, Any], version: Version | None) -> bool:
    ranges = raw.get("versions", [["", ""]])
    return version is None or any(version.within(start, until) for start, until in ranges)


def _remedy(raw: Mapping[str, Any], version: Version | None) -> Remedy:
    text = raw["text"]
    if version is None and "versions" in raw:
        words = " or ".join(versions_text(start, until) for start, until in raw["versions"])
        text = f"({words}) {text}"
    return Remedy(
        id=raw["id"],
        text=text,
        when=raw.get("when", "now"),
        caution=raw.get("caution", ""),
        source=raw.get("source", ""),
    )


def remedies(detector: str, version: Version | None) -> tuple[Remedy, ...]:
    """Remedies for what a detector found, in order of effect.

    Args:
        detector: Id of the detector.
        version: The server's version; if unknown, all are given with the versions they are for.
    """
    listed = tables("remedies.toml")["remedy"]
    mine = [raw for raw in listed if detector in raw["for"] and _applies(raw, version)]
    ranked = sorted(mine, key=lambda raw: raw["for"][detector])
    return tuple(_remedy(raw, version) for raw in ranked)
