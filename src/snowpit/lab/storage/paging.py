"""Lists in pages: all pages of one list show the state at the revision of the first."""

from typing import NamedTuple

from snowpit.lab.storage import tokens
from snowpit.lab.storage.change import Keep, Key, Object
from snowpit.lab.storage.edits import parsed
from snowpit.lab.storage.problems import ExpiredError
from snowpit.lab.storage.records import Records

_CHUNK = 500
"""Rows read at once while a selector is applied."""


class Page(NamedTuple):
    """A list, or a part of one.

    Args:
        values: Objects (JSON), in order of namespace and name.
        revision: Revision that it shows.
        token: Continue token; empty if nothing is left.
    """

    values: list[bytes]
    revision: int
    token: str

    @property
    def items(self) -> list[Object]:
        """The objects, parsed."""
        return [parsed(value) for value in self.values]


def read_page(
    records: Records, key: Key, *, keep: Keep | None = None, limit: int = 0, token: str = ""
) -> Page:
    """A list, or the part of it behind a continue token; arguments and errors as in ``Store.list``."""
    with records.snapshot():
        at, after = records.revision(), ("", "")
        if token:
            asked, *place = tokens.read_token(token)
            at = at if asked == tokens.LATEST else min(asked, at)
            after = (place[0], place[1])
        one = records.get(key) if key.name and not token else None
        if one is not None:
            return Page([one] if keep is None or keep(parsed(one)) else [], at, "")
        try:
            return _collect(records, key, after, keep=keep, limit=limit, at=at)
        except ExpiredError as error:
            rest = tokens.token(tokens.LATEST, *after)
            raise ExpiredError(error.asked, error.oldest, rest) from None


def _collect(
    records: Records, key: Key, after: tuple[str, str], *, keep: Keep | None, limit: int, at: int
) -> Page:
    values: list[bytes] = []
    chunk = -1 if limit <= 0 else max(limit + 1, _CHUNK if keep or key.name else 0)
    while True:
        rows = records.page(key.resource, key.namespace, after, chunk, at)
        for row in rows:
            if key.name not in ("", row[1]) or (keep is not None and not keep(parsed(row[3]))):
                continue
            if 0 < limit == len(values):
                return Page(values, at, tokens.token(at, *after))
            values.append(row[3])
            after = (row[0], row[1])
        if chunk < 0 or len(rows) < chunk:
            return Page(values, at, "")
        after = (rows[-1][0], rows[-1][1])
