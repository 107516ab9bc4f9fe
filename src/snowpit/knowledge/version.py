"""Kubernetes versions: read, compare, and lay into ranges.

A version without a patch number stands for all patch releases of its minor
release, because a limit may vanish in the middle of one (the loopback limit did, five times).
"""

import re
from typing import NamedTuple

from snowpit.errors import FactError

_PATTERN = re.compile(r"^\s*v?(\d{1,3})\.(\d{1,4})\+?(?:\.(\d{1,6}))?(?:[-+. ].*)?$", re.DOTALL)

ENDLESS = 1_000_000
"""Above any patch release."""


class Version(NamedTuple):
    """A Kubernetes release; ``patch`` is null where it is not told."""

    major: int
    minor: int
    patch: int | None = None

    @classmethod
    def parse(cls, text: str) -> "Version":
        """Read ``1.12``, ``v1.12.2``, ``v1.12.2-gke.1`` or ``1.12.2+k3s1``.

        Raises:
            FactError: If the text is no version.
        """
        match = _PATTERN.match(text)
        if match is None:
            raise FactError(
                f"{ascii(text[:40])} is no Kubernetes version.", "Write it as 1.12.2 or v1.12.2-gke.1."
            )
        major, minor, patch = match.groups()
        return cls(int(major), int(minor), int(patch) if patch else None)

    def __str__(self) -> str:
        """``1.12.2``, or ``1.12`` where the patch release is unknown."""
        return f"{self.major}.{self.minor}" + ("" if self.patch is None else f".{self.patch}")

    @property
    def low(self) -> tuple[int, int, int]:
        """The first release that it may be."""
        return (self.major, self.minor, self.patch or 0)

    @property
    def high(self) -> tuple[int, int, int]:
        """The last release that it may be."""
        return (self.major, self.minor, ENDLESS if self.patch is None else self.patch)

    def at_least(self, major: int, minor: int, *, patch: int = 0) -> bool:
        """Whether it is surely that release or a later one."""
        return self.low >= (major, minor, patch)

    def __lt__(self, other: tuple[object, ...]) -> bool:
        """By release; an unknown patch counts as the first one."""
        return _key(self) < _key(other)

    def __le__(self, other: tuple[object, ...]) -> bool:
        """See ``<``."""
        return _key(self) <= _key(other)

    def __gt__(self, other: tuple[object, ...]) -> bool:
        """See ``<``."""
        return _key(self) > _key(other)

    def __ge__(self, other: tuple[object, ...]) -> bool:
        """See ``<``."""
        return _key(self) >= _key(other)


class Range(NamedTuple):
    """Releases from the first (included) to the last (excluded); null is endless."""

    first: Version | None
    until: Version | None

    def meets(self, version: Version | None) -> bool:
        """Whether the version, or one of the releases that it may be, lies inside; a null version may be any."""
        if version is None:
            return True
        starts = self.first is None or self.first.low <= version.high
        return starts and (self.until is None or version.low < self.until.low)

    def __str__(self) -> str:
        """``1.14.0 to before 1.14.8``."""
        if self.first is None and self.until is None:
            return "all versions"
        if self.until is None:
            return f"from {self.first}"
        return f"before {self.until}" if self.first is None else f"{self.first} to before {self.until}"


def parse(text: str) -> Version:
    """Read a version; see :meth:`Version.parse`."""
    return Version.parse(text)


def _key(version: tuple[object, ...]) -> tuple[int, int, int]:
    """Three comparable numbers."""
    numbers = [part if isinstance(part, int) else 0 for part in version]
    return (numbers[0], numbers[1], numbers[2] if len(numbers) > 2 else 0)  # noqa: PLR2004 - a patch is the third
