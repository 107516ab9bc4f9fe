"""Small tables that all observations share, so that none of them reads texts row by row.

Theory of operation. Few values occur of verb, resource, outcome and the like: each combination is one row of
``sorts`` with a number. ``narrow`` has one row for each attempt, numbers only: its sort, times, latency bucket, and
64-bit hashes of user, agent, source, namespace and object name; ``names`` has the text of each hash (that two of a
million names share one has a chance of 3 in 10^8). ``base`` is ``narrow`` with the columns of its sort.

Cubes are counted from ``narrow``: ``cells`` (by class, kind of client, outcome, code and latency bucket), ``starts``
and ``ends`` (by second of arrival and of end), ``users``, ``agents``, ``sources`` and ``namespaces`` (by value and sort).
They hold counts and sums of microseconds, which add up over any grouping, so that an observation costs a query over
thousands of rows rather than over all of them.
"""

from snowpit.model.window import MICROS
from snowpit.store import Tables

SLOW_US = MICROS
"""A success that took longer counts as slow: it waited for something."""

_SORT = """hash(verb, "group", resource, subresource, client_kind, long_running, outcome, code, level, server, finished IS NULL, node IS NOT NULL,
CASE WHEN verb = 'list' THEN CASE WHEN uri IS NULL THEN 0 WHEN contains(uri, '?') OR contains(uri, '&') THEN
 1 + CAST(regexp_matches(uri, '[?&](limit=[1-9]|continue=[^&])') AS INTEGER) + 2 * CAST(regexp_matches(uri, '[?&]resourceVersion=[^&]')
 AND NOT regexp_matches(uri, '[?&](continue=[^&]|resourceVersionMatch=Exact)') AS INTEGER) ELSE 1 END END,
CASE WHEN outcome = 'unauthorized' THEN CASE WHEN reason IS NULL THEN 0 WHEN contains(lower(reason), 'bearer') THEN 2 ELSE 1 END END)"""
"""A number for all that few values occur of: 64 bits, so that two of a thousand sorts meet once in 10^13 logs."""

_SORTS = f"""
CREATE OR REPLACE TEMP TABLE sorts AS
SELECT *, v NOT IN ('', 'get', 'list', 'watch') AS mut, sum(later) OVER () > 0 AND NOT long
    AND outcome NOT IN ('rejected', 'unauthorized') AND client_kind NOT IN ('master', 'loopback') AS holder
FROM (SELECT {_SORT} AS sort, coalesce(any_value(verb), '') AS v, coalesce(any_value("group"), '') AS g,
  coalesce(any_value(resource), '') AS r, coalesce(any_value(subresource), '') AS s, coalesce(any_value(server), '') AS srv,
  any_value(client_kind) AS client_kind, coalesce(any_value(long_running), false) AS long, any_value(outcome) AS outcome, any_value(finished IS NOT NULL) AS done, any_value(node IS NOT NULL) AS named_node,
  any_value(code) AS code, any_value(level) AS level, any_value(uri) AS uri, any_value(reason) AS reason,
  count(*) AS many, min(received) AS first, max(greatest(received, finished)) AS last,
  count(*) FILTER (finished > received) AS later, count(*) FILTER (finished < received) AS backward,
  count(*) - count(finished) AS unfinished, coalesce(bool_or(starts_with(uri, '?')), false) AS queried,
  coalesce(bool_or(etcd IS NOT NULL OR queued IS NOT NULL OR webhooks IS NOT NULL OR written IS NOT NULL), false) AS annotated
FROM requests WHERE received IS NOT NULL GROUP BY 1)
"""

_NARROW = f"""
CREATE OR REPLACE TEMP TABLE narrow AS
SELECT {_SORT} AS sort, received,
  greatest(coalesce(finished, CASE WHEN outcome = 'open' THEN {{end}} ELSE received END), received) AS ended,
  latency_bucket AS bucket,
  CASE WHEN "user" IS NOT NULL THEN hash("user") END AS user_id,
  CASE WHEN user_agent IS NOT NULL THEN hash(user_agent) END AS agent_id,
  CASE WHEN source IS NOT NULL THEN hash(source) END AS source_id,
  CASE WHEN namespace IS NOT NULL THEN hash(namespace) END AS namespace_id, hash(name) AS name_id,
  CASE WHEN subject <> '' THEN hash(subject) END AS subject_id, webhooks, file, line
FROM requests WHERE received IS NOT NULL
"""

_BASE = """
CREATE OR REPLACE TEMP VIEW base AS
SELECT narrow.*, received // 1000000 AS sec, v, g, r, s, srv, client_kind, mut, long, holder, done, outcome, code, level
FROM narrow JOIN sorts USING (sort)
"""

_NAMES = """
CREATE OR REPLACE TEMP TABLE names AS
SELECT hash(value) AS id, value FROM (
  SELECT coalesce("user", user_agent, source, namespace, subject) AS value FROM requests WHERE received IS NOT NULL
  GROUP BY GROUPING SETS (("user"), (user_agent), (source), (namespace), (subject)))
WHERE value IS NOT NULL GROUP BY value
"""

_CELLS = """
CREATE OR REPLACE TEMP TABLE cells AS
WITH counts AS (
  SELECT sort, bucket, count(*) AS n, CAST(sum(ended - received) AS BIGINT) AS total,
    min(ended - received) AS least, max(ended - received) AS most, min(received) AS first
  FROM narrow GROUP BY sort, bucket),
edges AS (
  SELECT n.sort, n.bucket, n.ended - n.received = c.most AS slow, n.received = c.first AS early, n.ended, n.received, n.file, n.line
  FROM narrow n JOIN counts c ON n.sort = c.sort AND n.bucket IS NOT DISTINCT FROM c.bucket
  WHERE n.ended - n.received = c.most OR n.received = c.first),
places AS (
  SELECT v, g, r, s, client_kind, mut, long, outcome, code, level, bucket,
    arg_max({'file': file, 'line': line}, (ended - received, -received, -file, -line)) FILTER (slow) AS slowest,
    arg_min({'file': file, 'line': line}, (received, file, line)) FILTER (early) AS earliest
  FROM edges JOIN sorts USING (sort) GROUP BY ALL),
sums AS (
  SELECT v, g, r, s, client_kind, mut, long, outcome, code, level, bucket, CAST(sum(n) AS BIGINT) AS n,
    CAST(sum(CASE WHEN holder THEN total ELSE 0 END) AS BIGINT) AS held, CAST(sum(total) AS BIGINT) AS total,
    min(CASE WHEN done THEN least ELSE 0 END) AS low, max(CASE WHEN done THEN most ELSE 0 END) AS high
  FROM counts JOIN sorts USING (sort) GROUP BY ALL)
SELECT sums.*, slowest, earliest FROM sums JOIN places ON (sums.v, sums.g, sums.r, sums.s, sums.client_kind, sums.mut, sums.long,
  sums.outcome, sums.code, sums.level, sums.bucket) IS NOT DISTINCT FROM (places.v, places.g, places.r, places.s,
  places.client_kind, places.mut, places.long, places.outcome, places.code, places.level, places.bucket)
"""

_STARTS = """
CREATE OR REPLACE TEMP TABLE arrivals AS
SELECT sort, received // 1000000 AS sec, count(*) AS n, CAST(sum(received % 1000000) AS BIGINT) AS rest
FROM narrow GROUP BY ALL;
CREATE OR REPLACE TEMP VIEW starts AS
SELECT srv, sec, v, g, r, s, client_kind, mut, long, holder, outcome = 'rejected' AS rejected, n, rest
FROM arrivals JOIN sorts USING (sort)
"""

_ENDS = """
CREATE OR REPLACE TEMP TABLE departures AS
SELECT sort, ended // 1000000 AS sec, ended - received > {slow} AND {timed} AS slow, count(*) AS n,
  CAST(sum(ended % 1000000) AS BIGINT) AS rest FROM narrow GROUP BY ALL;
CREATE OR REPLACE TEMP VIEW ends AS
SELECT srv, sec, v, g, r, s, client_kind, mut, long, holder, outcome, slow, n, rest
FROM departures JOIN sorts USING (sort)
"""

_CALLERS = """
CREATE OR REPLACE TEMP TABLE {name}s AS
SELECT {name}_id AS id, sort, count(*) AS n, CAST(sum(ended - received) AS BIGINT) AS total,
  min(user_id) AS first_user, max(user_id) AS last_user
FROM narrow GROUP BY ALL
"""
CALLERS = ("user", "agent", "source", "namespace")


def make_sorts(tables: Tables) -> tuple[int, int, int, bool, int, bool]:
    """Make the table ``sorts`` for the rows that ``requests`` shows now.

    Returns:
        Attempts; first arrival; just after the last instant (µs); whether any request ended after it arrived; attempts
        that ended before they arrived; whether any has no end.
    """
    tables.run(_SORTS)
    attempts, start, end, later, backward, unfinished = tables.run(
        "SELECT coalesce(sum(many), 0), coalesce(min(first), 0), coalesce(max(last), -1) + 1, coalesce(sum(later), 0),"
        " coalesce(sum(backward), 0), coalesce(sum(unfinished), 0) FROM sorts"
    )[0]
    return int(attempts), start, end, later > 0, int(backward), unfinished > 0


def make_cubes(tables: Tables, *, end: str, timed: bool) -> None:
    """Make all other tables.

    Args:
        tables: With ``sorts``.
        end: SQL for the instant to which a request without an end counts.
        timed: Whether the evidence carries sojourn times.
    """
    tables.run(_NARROW.format(end=end))
    tables.run(_BASE)
    tables.run(_NAMES)
    tables.run(_CELLS)
    tables.run(_STARTS)
    tables.run(_ENDS.format(slow=SLOW_US, timed="true" if timed else "false"))
    for name in CALLERS:
        tables.run(_CALLERS.format(name=name))
