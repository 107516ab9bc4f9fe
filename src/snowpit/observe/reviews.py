"""TokenReviews and SubjectAccessReviews: who asks for them, whose identity is asked for, and what they cost."""

from typing import Any

from snowpit.model.evidence import Pointer
from snowpit.model.observation import Reviews, Subject
from snowpit.model.window import MICROS
from snowpit.observe.figures import pointers, quantile, spread, top_values
from snowpit.observe.scope import Scope
from snowpit.store import Tables

OF_IDENTITY = "r = 'tokenreviews'"
ACCESS = "r IN ('subjectaccessreviews', 'selfsubjectaccessreviews', 'localsubjectaccessreviews', 'selfsubjectrulesreviews')"
KINDS = (("tokenreviews", OF_IDENTITY), ("subjectaccessreviews", ACCESS))
CREATORS = (("node", "client_kind = 'node'"), ("other", "client_kind <> 'node'"))


def reviews(tables: Tables, scope: Scope) -> tuple[Reviews, ...]:
    """Reviews of tokens and of access, by kind of creator (kubelets and others).

    Unit: attempts; seconds of seat time; attempts per second.

    Assumptions: a creator named ``system:node:*`` is a kubelet. A subject is known where the answer names the
    user, or the request holds a token whose payload does, or (access reviews) the request names the user.

    How computed: counts by outcome, subject, creator and source; quantiles of admitted attempts (429 left out)
    from logarithmic buckets.

    Cannot see: subjects where the audit level is Metadata. A review that timed out shows its subject only where
    the request body was logged.
    """
    found = []
    for resource, where in KINDS:
        for creator, who in CREATORS:
            condition = f"v = 'create' AND {where} AND {who}"
            counts: dict[str, int] = dict(
                tables.run(
                    f"SELECT outcome, CAST(sum(n) AS BIGINT) FROM cells WHERE {condition} GROUP BY outcome ORDER BY outcome"
                )
            )
            if counts:
                found.append(
                    _reviews(tables, scope, condition, outcomes=counts, resource=resource, creator=creator)
                )
    return tuple(found)


def _reviews(
    tables: Tables, scope: Scope, condition: str, *, outcomes: dict[str, int], resource: str, creator: str
) -> Reviews:
    """The reviews that a condition on ``cells`` and ``base`` selects."""
    attempts = sum(outcomes.values())
    held = int(tables.run(f"SELECT sum(held) FROM cells WHERE {condition}")[0][0])
    whole = int(tables.run("SELECT coalesce(sum(held), 0) FROM cells WHERE mut")[0][0])
    peak = int(
        tables.run(f"SELECT max(n) FROM (SELECT sum(n) AS n FROM starts WHERE {condition} GROUP BY sec)")[0][
            0
        ]
    )
    active = tables.run(f"SELECT count(DISTINCT sec) FROM ends WHERE {condition} AND outcome <> 'open'")[0][0]
    subjects, distinct, known = _subjects(tables, condition)
    p50, p90, longest, mean = _sojourn(tables, scope, condition)
    return Reviews(
        resource=resource,
        creator_kind=creator,
        attempts=attempts,
        share=attempts / scope.attempts,
        outcomes=outcomes,
        rate=attempts / scope.seconds,
        peak_rate=peak,
        timed_out_per_s=outcomes.get("timed_out", 0) / active if active else 0.0,
        held_s=held / MICROS,
        held_share=held / whole if whole else 0.0,
        p50_s=p50,
        p90_s=p90,
        max_s=longest,
        mean_s=mean,
        creators=spread(tables, "user", where=condition),
        sources=spread(tables, "source", where=condition),
        top_agents=top_values(tables, "user_agent", where=condition),
        subjects=subjects,
        distinct_subjects=distinct,
        subject_known=known,
        invalid=_invalid(tables, condition),
        samples=_samples(tables, scope, condition),
    )


def _sojourn(
    tables: Tables, scope: Scope, condition: str
) -> tuple[float | None, float | None, float | None, float | None]:
    """Median, 90th percentile, longest and mean sojourn time of admitted attempts, in seconds."""
    rows = tables.run(
        "SELECT bucket, CAST(sum(n) AS BIGINT), min(low), max(high), CAST(sum(total) AS BIGINT) FROM cells"
        f" WHERE {condition} AND outcome <> 'rejected' AND bucket IS NOT NULL GROUP BY bucket"
    )
    if not rows or not scope.timed:
        return None, None, None, None
    counts = {row[0]: row[1] for row in rows}
    low, high = min(row[2] for row in rows), max(row[3] for row in rows)
    mean = sum(row[4] for row in rows) / sum(counts.values()) / MICROS
    return (
        quantile(counts, 0.5, low=low, high=high),
        quantile(counts, 0.9, low=low, high=high),
        high / MICROS,
        mean,
    )


def _subjects(tables: Tables, condition: str) -> tuple[tuple[Subject, ...], int, int]:
    """The most reviewed identities, how many there are, and how many reviews show theirs."""
    rows: list[tuple[Any, ...]] = tables.run(
        "SELECT value, n, held, creators, count(*) OVER () AS subjects, CAST(sum(n) OVER () AS BIGINT) AS known FROM ("
        "SELECT subject_id AS id, count(*) AS n, CAST(sum(CASE WHEN holder THEN ended - received ELSE 0 END) AS BIGINT) AS held,"
        f" count(DISTINCT user_id) AS creators FROM base WHERE {condition} AND subject_id IS NOT NULL GROUP BY id)"
        " JOIN names USING (id) ORDER BY n DESC, held DESC, value LIMIT 20"
    )
    if not rows:
        return (), 0, 0
    distinct, known = rows[0][4], rows[0][5]
    subjects = tuple(
        Subject(name=row[0], attempts=row[1], share=row[1] / known, held_s=row[2] / MICROS, creators=row[3])
        for row in rows
    )
    return subjects, distinct, known


def _invalid(tables: Tables, condition: str) -> int:
    """Answered reviews without a subject although the level shows the answer."""
    return int(
        tables.run(
            f"SELECT count(*) FROM base WHERE {condition} AND outcome = 'ok' AND level = 'RequestResponse'"
            " AND subject_id IS NULL"
        )[0][0]
    )


def _samples(tables: Tables, scope: Scope, condition: str) -> tuple[Pointer, ...]:
    """Places of the slowest and the first failed review."""
    slowest, failing = tables.run(
        "SELECT arg_max(slowest, (high, earliest)) FILTER (outcome <> 'rejected'),"
        f" arg_min(earliest, earliest) FILTER (outcome NOT IN ('ok', 'open')) FROM cells WHERE {condition}"
    )[0]
    return pointers(scope, (slowest, failing))
