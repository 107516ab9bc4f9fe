"""Names, kinds, labels and units of samples as today's releases have them."""

from collections.abc import Mapping
from typing import NamedTuple

from snowpit.ingest.metrics.sample import Sample, finite
from snowpit.knowledge import metrics as knowledge

MICRO = 1e-6
MOST_NAMES = 50_000
"""Names of one dump that are remembered; a process exposes some 400."""

_PARTS = {"_bucket": "bucket", "_sum": "sum", "_count": "count"}
_PLAIN = {"info": "gauge", "stateset": "gauge", "unknown": "untyped"}


class Meaning(NamedTuple):
    """What an exposed name means.

    Args:
        kind: Kind of the sample, as the sample table has it.
        family: Name as exposed, without the ending that tells the part.
        name: Name of the family today.
        micro: Whether the value was in microseconds.
        queue: Value of the label ``name`` that was part of the old name; empty for none.
    """

    kind: str
    family: str
    name: str
    micro: bool
    queue: str


class Names:
    """Names of one dump, resolved once each.

    A family is renamed only if the dump does not expose the new name as well.
    """

    def __init__(self) -> None:
        self.types: dict[str, str] = {}
        self.seen: set[str] = set()
        self._parts: set[str] = set()
        self._resolved: dict[tuple[str, str], Meaning] = {}

    def typed(self, family: str, form: str) -> None:
        """Take note of the type of a family."""
        if len(self.types) < MOST_NAMES:
            self.types[family] = form

    def saw(self, sample: Sample) -> None:
        """Take note of a name, before any is resolved."""
        if len(self.seen) < MOST_NAMES:
            self.seen.add(sample.name)
        if self.types or len(self._parts) >= MOST_NAMES:
            return
        if "le" in sample.labels and sample.name.endswith("_bucket"):
            self._parts.add(sample.name.removesuffix("_bucket"))
        elif "quantile" in sample.labels:
            self._parts.add(sample.name)

    def meaning(self, sample: Sample) -> Meaning:
        """What the name of a sample means."""
        part = "le" if "le" in sample.labels else "quantile" if "quantile" in sample.labels else ""
        key = (sample.name, part)
        if key not in self._resolved:
            if len(self._resolved) >= MOST_NAMES:
                self._resolved.clear()
            self._resolved[key] = self._resolve(sample.name, part)
        return self._resolved[key]

    def _resolve(self, name: str, part: str) -> Meaning:
        kind, family, form = self._kind(name, part)
        found = knowledge.rename_of(family, form)
        if found is None or self._stands(found[0].new, family):
            return Meaning(kind, family, family, micro=False, queue="")
        rename, queue = found
        if rename.quantiles and kind != "quantile":
            return Meaning(kind, family, family, micro=False, queue="")
        return Meaning(kind, family, rename.new, rename.micro, queue)

    def _stands(self, new: str, old: str) -> bool:
        """Whether the dump exposes the new name beside the old one."""
        return new != old and (
            new in self.seen or f"{new}_count" in self.seen or f"{new}_bucket" in self.seen
        )

    def _kind(self, name: str, part: str) -> tuple[str, str, str]:
        """Kind of the sample, its family, and the type of the family."""
        for ending, kind in _PARTS.items():
            family = name.removesuffix(ending)
            form = self.types.get(family, "")
            if family != name and form in {"histogram", "summary", "gaugehistogram"}:
                return kind, family, "summary" if form == "summary" else "histogram"
        form = self.types.get(name, "")
        if form == "summary":
            return ("quantile" if part == "quantile" else "untyped"), name, form
        if not form and self.types.get(name.removesuffix("_total")) == "counter":
            return "counter", name, "counter"
        if form:
            plain = _PLAIN.get(form, form)
            return ("untyped", name, "untyped") if plain.endswith("histogram") else (plain, name, plain)
        return self._guess(name, part)

    def _guess(self, name: str, part: str) -> tuple[str, str, str]:
        """The same for a name without a type."""
        if part == "le" and name.endswith("_bucket"):
            return "bucket", name.removesuffix("_bucket"), "histogram"
        if part == "quantile":
            return "quantile", name, "summary"
        for ending in ("_sum", "_count"):
            family = name.removesuffix(ending)
            if family != name and (family in self._parts or _is_histogram(family)):
                return ending[1:], family, "histogram"
        known = _known(name)
        kind = known or ("counter" if name.endswith("_total") else "untyped")
        return kind, name, kind


def _known(family: str) -> str:
    """Type of a family that is looked at, under its old or new name; empty if it is not."""
    found = knowledge.series_of(family)
    if found is None:
        rename = next(
            (
                given
                for form in ("counter", "gauge", "summary")
                if (given := knowledge.rename_of(family, form))
            ),
            None,
        )
        found = knowledge.series_of(rename[0].new) if rename else None
    return found.kind if found and found.kind != "histogram" else ""


def _is_histogram(family: str) -> bool:
    rename = knowledge.rename_of(family, "summary") or knowledge.rename_of(family, "histogram")
    found = knowledge.series_of(rename[0].new if rename else family)
    return found is not None and found.kind == "histogram"


def labels_of(sample: Sample, meaning: Meaning) -> Mapping[str, str]:
    """Labels as today's releases name them, bounds in seconds."""
    given, renamed = sample.labels, knowledge.labels()
    labels = (
        dict(given) if renamed.keys().isdisjoint(given) else {renamed.get(k, k): v for k, v in given.items()}
    )
    if meaning.queue:
        labels["name"] = meaning.queue
    if meaning.micro and (bound := finite(labels.get("le", ""))) is not None:
        labels["le"] = format(bound * MICRO, ".12g")
    return labels


def value_of(sample: Sample, meaning: Meaning) -> float | None:
    """The value in base units."""
    if sample.value is None or not meaning.micro or meaning.kind in {"bucket", "count", "counter"}:
        return sample.value
    return sample.value * MICRO
