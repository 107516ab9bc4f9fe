"""Kubernetes versions: parsed leniently, compared by major, minor and patch."""

import re
from typing import NamedTuple, Self

from snowpit.errors import FactError

_SHAPE = re.compile(r"v?(\d{1,3})\.(\d{1,3})(?:\.(\d{1,4}))?(?:[-+.].*)?")


class Version(NamedTuple):
    """A Kubernetes release; vendors' suffixes (``-gke.100``, ``+k3s1``) are left out.

    Args:
        major: Always 1 so far.
        minor: The minor release.
        patch: The patch release; null where it is not told.
    """

    major: int
    minor: int
    patch: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """A version from text such as ``v1.12.4``, ``1.28`` or ``1.27.3-gke.100``.

        Raises:
            FactError: If the text is no Kubernetes version.

        >>> Version.parse("v1.12.4-eks-abc")
        Version(major=1, minor=12, patch=4)
        """
        found = _SHAPE.fullmatch(text.strip())
        if not found or int(found[1]) != 1:
            message = f"{text.strip()[:40]!a} is not a Kubernetes version."
            raise FactError(message, "Write it as 1.12 or 1.12.4 (kubectl version shows it).")
        return cls(int(found[1]), int(found[2]), int(found[3]) if found[3] else None)

    def __str__(self) -> str:
        """``1.12.4``, or ``1.12`` where the patch is not told."""
        patch = "" if self.patch is None else f".{self.patch}"
        return f"{self.major}.{self.minor}{patch}"

    @property
    def key(self) -> tuple[int, int, int]:
        """For comparisons; a release without patch counts as its first (.0)."""
        return (self.major, self.minor, self.patch or 0)

    def at_least(self, other: "Version | str") -> bool:
        """True from ``other`` on."""
        bound = other if isinstance(other, Version) else Version.parse(other)
        return self.key >= bound.key

    def within(self, start: str, until: str) -> bool:
        """True in the half-open range [start, until); an empty bound is open."""
        return (not start or self.at_least(start)) and (not until or not self.at_least(until))
