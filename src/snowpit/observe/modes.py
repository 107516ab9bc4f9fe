"""Latency modes: many requests that took the same, long time."""

from collections import Counter, defaultdict

from snowpit.model.observation import Mode, RequestClass
from snowpit.observe.scope import Scope, request_class
from snowpit.store import Tables

BIN_US = 50_000
LONG_US = 900_000
LEAST_ATTEMPTS = 10
LEAST_SHARE = 0.05
MODES = 30

_MEANINGS = (
    (
        30.0,
        0.7,
        "create, update and delete handler limit of 1.12 to 1.16; webhook time-out default of v1beta1",
    ),
    (34.0, 0.7, "handler limit from 1.17"),
    (60.0, 1.0, "time-out filter of the server (--request-timeout default)"),
    (10.0, 0.4, "webhook time-out default of v1, or the time-out of a client"),
)

_HISTOGRAM = f"""
SELECT v, g, r, s, (ended - received) // {BIN_US} AS bin, code, count(*) AS n FROM base
WHERE done AND ended - received > {LONG_US} AND NOT long AND outcome <> 'rejected' GROUP BY ALL ORDER BY n DESC, v, g, r, s, bin, code LIMIT 50000
"""


def modes(tables: Tables, scope: Scope) -> tuple[Mode, ...]:
    """Plateaus of the sojourn time: requests of one class that took the same time, over 0.9 s.

    Unit: seconds; attempts; share of the admitted attempts of the class.

    Assumptions: a time limit ends many requests at the same age; waiting in a queue spreads their ages instead.

    How computed: sojourn times over 0.9 s in bins of 50 ms; the fullest window of 2 % (at least 0.25 s either
    side) counts as a mode if it has at least ten attempts, 5 % of the class, and at least three times what the
    stretches of the same width on either side of it hold together; its attempts are put aside and the search goes on.

    Cannot see: limits below 0.9 s; before 1.20 the time spent on authentication; anything where the evidence
    carries no ends. The meaning is the usual reason for that time, not a proof.
    """
    if not scope.timed:
        return ()
    bins: dict[RequestClass, Counter[int]] = defaultdict(Counter)
    codes: dict[tuple[RequestClass, int], Counter[int | None]] = defaultdict(Counter)
    for row in tables.run(_HISTOGRAM):
        key = request_class(row)
        bins[key][row[4]] += row[6]
        codes[key, row[4]][row[5]] += row[6]
    totals = {
        request_class(row): row[4]
        for row in tables.run(
            "SELECT v, g, r, s, CAST(sum(n) AS BIGINT) FROM cells WHERE outcome NOT IN ('rejected', 'open')"
            " GROUP BY v, g, r, s"
        )
    }
    found = [
        mode
        for key, counts in bins.items()
        for mode in _modes_of(key, counts, codes=codes, total=totals.get(key, 0))
    ]
    return tuple(sorted(found, key=lambda mode: (-mode.attempts, mode.key, mode.at_s))[:MODES])


def _modes_of(
    key: RequestClass,
    counts: Counter[int],
    *,
    codes: dict[tuple[RequestClass, int], Counter[int | None]],
    total: int,
) -> list[Mode]:
    """At most three modes of one class."""
    found: list[Mode] = []
    left = Counter(counts)
    while left and len(found) < 3:  # noqa: PLR2004
        centre = max(left, key=lambda item: (left[item], -item))
        reach = max(5, round(0.02 * centre))
        # Over the bins there are, not the bins there could be: one wrong clock puts a sojourn time at 50 years.
        inside = {item: n for item, n in left.items() if abs(item - centre) <= reach}
        attempts = sum(inside.values())
        beside = sum(n for item, n in counts.items() if reach < abs(item - centre) <= 2 * reach + 1)
        if attempts < max(LEAST_ATTEMPTS, LEAST_SHARE * total):
            break
        if attempts >= 3 * beside:
            found.append(_mode(key, inside, attempts, codes=codes, total=total))
        for item in inside:
            del left[item]
    return found


def _mode(
    key: RequestClass,
    inside: dict[int, int],
    attempts: int,
    *,
    codes: dict[tuple[RequestClass, int], Counter[int | None]],
    total: int,
) -> Mode:
    """One mode from its bins."""
    at_s = sum((item + 0.5) * count for item, count in inside.items()) / attempts * BIN_US / 1e6
    answers: Counter[int | None] = Counter()
    for item in inside:
        answers.update(codes[key, item])
    code = max(answers, key=lambda item: (answers[item], -(item or 0)))
    meaning = next((words for time, reach, words in _MEANINGS if abs(at_s - time) <= reach), "")
    share = attempts / total if total else 0.0
    return Mode(key=key, at_s=at_s, attempts=attempts, share=share, code=code, meaning=meaning)
