"""Counts and seats over time, in bins of one second or more."""

from collections.abc import Iterable
from itertools import accumulate

from snowpit.model.observation import Timeline
from snowpit.model.window import MICROS
from snowpit.observe.scope import Scope, step_seconds
from snowpit.store import Tables

ENDS = ("finished", "ok", "rejected", "timed_out", "unauthorized", "server_error")

HELD = (("held_mutating", "holder AND mut"), ("held_readonly", "holder AND NOT mut"))
"""Series of seats, with the requests that hold them."""


def timeline(tables: Tables, scope: Scope) -> Timeline:
    """Arrivals, ends by outcome, mean seats held, requests in the system and watch starts, per bin.

    Unit: requests per bin; seats; requests.

    Assumptions: requests that never end hold their seat to the end of the window, or to the next gap of over a
    minute in the evidence.

    How computed: a bin is one second, or as many whole seconds as keep the bins at 4,000 or fewer. Seats are exact
    means over the bin: the part of each sojourn that falls into it, over the bin's width (of the busiest server
    where several wrote). ``open`` is the number of requests in the system at the end of the bin, of all servers.

    Cannot see: what comes and goes within a bin; requests that never ended where RequestReceived is not logged.
    """
    step = step_seconds(scope)
    first = scope.first_second
    length = (scope.last_second - first) // step + 1 if scope.attempts else 0
    series = {name: [0.0] * length for name in ("arrived", "watches_started", *ENDS)}
    for index, arrived, watches in tables.run(
        f"SELECT (sec - {first}) // {step}, sum(n)::BIGINT, coalesce(sum(n) FILTER (v = 'watch'), 0)::BIGINT"
        " FROM starts GROUP BY 1"
    ):
        series["arrived"][index] = float(arrived)
        series["watches_started"][index] = float(watches)
    for index, outcome, n in tables.run(
        f"SELECT (sec - {first}) // {step}, outcome, sum(n)::BIGINT FROM ends WHERE outcome <> 'open' GROUP BY ALL"
    ):
        series["finished"][index] += n
        if outcome in series:
            series[outcome][index] += n
    for name, condition in HELD:
        rows = _marks(tables, scope, f"{condition} AND srv = $1", step=step)
        series[name] = means(rows, step=step, length=length)
    series["open"] = _open(tables, scope, step=step, length=length)
    return Timeline(
        start=first * MICROS,
        step_s=float(step),
        series={name: tuple(values) for name, values in series.items()},
    )


def _open(tables: Tables, scope: Scope, *, step: int, length: int) -> list[float]:
    """Requests in the system at the end of each bin, long-running ones left out."""
    changes = [0] * length
    for index, change in tables.run(
        f"SELECT (sec - {scope.first_second}) // {step}, sum(n)::BIGINT FROM (SELECT sec, n FROM starts WHERE NOT long"
        " UNION ALL SELECT sec, -n FROM ends WHERE NOT long AND outcome <> 'open') GROUP BY 1"
    ):
        changes[index] = change
    return [float(number) for number in accumulate(changes)]


def _marks(tables: Tables, scope: Scope, condition: str, *, step: int) -> list[tuple[int, int, int]]:
    """Change of the number standing by bin, with the µs that its starts and ends add within the bin.

    With H(T) = sum over starts before T of (T - start), less the same over ends, the time held in [a, b) is
    H(b) - H(a): grouping starts and ends by bin with their distance to the bin's end gives it exactly.
    """
    origin = scope.first_second
    to_end = f"((sec - {origin}) // {step} + 1) * {step * MICROS} - (sec - {origin}) * {MICROS}"
    rows = tables.run(
        "SELECT bin, sum(n)::BIGINT, sum(t)::BIGINT FROM ("
        f" SELECT (sec - {origin}) // {step} AS bin, n, n * ({to_end}) - rest AS t FROM starts WHERE {condition}"
        f" UNION ALL SELECT (sec - {origin}) // {step}, -n, rest - n * ({to_end}) FROM ends WHERE {condition})"
        " GROUP BY bin ORDER BY bin",
        [scope.server],
    )
    return [(bin_, change, gained) for bin_, change, gained in rows]


def means(rows: Iterable[tuple[int, int, int]], *, step: int, length: int) -> list[float]:
    """Mean number standing per bin.

    Args:
        rows: (bin, change of the number, µs gained within the bin), in order of bins.
        step: Bin width, s.
        length: Number of bins; marks beyond them are left out.
    """
    values = [0.0] * length
    standing, reached = 0, 0
    for index, change, gained in rows:
        if index >= length:
            break
        values[reached:index] = [float(standing)] * (index - reached)
        values[index] = standing + gained / (step * MICROS)
        standing += change
        reached = index + 1
    values[reached:] = [float(standing)] * (length - reached)
    return values
