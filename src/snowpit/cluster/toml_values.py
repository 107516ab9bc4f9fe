"""Values as a scenario file spells them: text, numbers, durations, delays."""

import json
from decimal import Decimal
from math import isinf

from snowpit.cluster.workload import Delay


def delay(item: Delay) -> str:
    """``"20s"``, ``"exponential:20s"``, ``"lognormal:8ms:0.5"``; a table where these do not tell all."""
    mean = duration(item.mean_s)[1:-1]
    if item.law == "lognormal":
        return text(f"lognormal:{mean}:{number(item.sigma)}")
    if item.sigma != Delay().sigma or (isinf(item.mean_s) and item.law != "constant"):
        return f"{{ law = {text(item.law)}, mean = {text(mean)}, sigma = {number(item.sigma)} }}"
    return text(mean if item.law == "constant" else f"{item.law}:{mean}")


def duration(seconds: float) -> str:
    """A duration; infinity is never.

    >>> duration(0.005), duration(float("inf"))
    ('"0.005s"', '"never"')
    """
    return '"never"' if isinf(seconds) else f'"{number(seconds)}s"'


def number(value: float) -> str:
    """A number without exponent.

    >>> number(1e-05), number(20.0)
    ('0.00001', '20')
    """
    digits = format(Decimal(repr(float(value))), "f")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def scalar(value: object) -> str:
    """A truth value, a number, or anything else as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return "inf" if isinf(value) else repr(value)
    return str(value) if isinstance(value, int) else text(str(value))


def text(words: str) -> str:
    """A TOML string; the escapes of JSON are among its own."""
    return json.dumps(words, ensure_ascii=False)
