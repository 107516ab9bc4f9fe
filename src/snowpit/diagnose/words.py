"""Numbers and names as sentences print them."""

from collections.abc import Sequence


def count(number: float) -> str:
    """A whole number with thousands separators.

    >>> count(12345)
    '12,345'
    """
    return f"{number:,.0f}"


def percent(share: float) -> str:
    """A share (0 to 1) in per cent, with a decimal only where it matters.

    >>> percent(0.974), percent(0.0042), percent(0.99996)
    ('97 %', '0.4 %', 'over 99.9 %')
    """
    if 0.9995 <= share < 1:  # noqa: PLR2004
        return "over 99.9 %"
    value = share * 100
    return f"{value:.1f} %" if 0 < value < 9.95 or 99 < value < 100 else f"{value:.0f} %"  # noqa: PLR2004


def seconds(duration: float | None) -> str:
    """A duration in seconds, in the unit that reads best.

    >>> seconds(0.0053), seconds(4.02), seconds(154.3), seconds(None)
    ('5 ms', '4.0 s', '154 s', 'unknown')
    """
    if duration is None:
        return "unknown"
    if duration < 1:
        return f"{duration * 1000:.0f} ms" if duration >= 0.001 else f"{duration * 1000:.1f} ms"  # noqa: PLR2004
    return f"{duration:.1f} s" if duration < 100 else f"{duration:,.0f} s"  # noqa: PLR2004


def rate(per_second: float) -> str:
    """A rate per second.

    >>> rate(50.04), rate(1234.5)
    ('50.0 a second', '1,234 a second')
    """
    return f"{per_second:,.1f} a second" if per_second < 100 else f"{per_second:,.0f} a second"  # noqa: PLR2004


def listed(names: Sequence[str], most: int = 3) -> str:
    """Some names in a row, the rest counted.

    >>> listed(["a", "b", "c", "d"])
    'a, b, c and 1 more'
    """
    shown = list(names[:most])
    more = len(names) - len(shown)
    if more > 0:
        return f"{', '.join(shown)} and {count(more)} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)
