"""Text for component logs: durations as Go prints them, and strings that stay on their line."""

MINUTE = 60_000_000_000
"""ns."""


def go(seconds: float) -> str:
    """A duration as Go prints it.

    >>> go(30.000912), go(0.0053), go(0.00000081), go(0.0), go(60.0), go(3661.5)
    ('30.000912s', '5.3ms', '810ns', '0s', '1m0s', '1h1m1.5s')
    """
    nanos = round(seconds * 1e9)
    minutes, rest = divmod(nanos, MINUTE)
    if minutes:
        hours, minutes = divmod(minutes, 60)
        shown = f"{rest / 1e9:.9f}".rstrip("0").rstrip(".")
        return f"{hours}h{minutes}m{shown}s" if hours else f"{minutes}m{shown}s"
    for unit, size in (("s", 10**9), ("ms", 10**6), ("µs", 10**3)):
        if nanos >= size:
            return f"{nanos / size:.9f}".rstrip("0").rstrip(".") + unit
    return f"{nanos}ns" if nanos else "0s"


def plain(text: str) -> str:
    """Text that stays on its line."""
    return text.encode("unicode_escape").decode("ascii") if not text.isprintable() else text


def escaped(text: str) -> str:
    """Text for within quotes."""
    return plain(text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n"))
