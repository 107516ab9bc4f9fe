"""What a server counts of itself, under the names of ``model.sample.SERVER_MEASURES``."""

from collections import Counter
from collections.abc import Mapping

from snowpit.lab.exchange import Exchange
from snowpit.lab.wire import Response

ENDS = {429: "rejected", 504: "timed_out", 401: "unauthorized"}


class Tallies:
    """Counts since the start of the server. Requests of its loopback client count only as reads."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def arrived(self) -> None:
        """An attempt has reached the server."""
        self._counts["offered"] += 1

    def ended(self, exchange: Exchange, response: Response) -> None:
        """An attempt is over inside the server."""
        gone = exchange.request.gone.is_set()
        end = ENDS.get(response.status)
        if end is not None:
            self._counts[end] += 1
        elif not gone:
            self._counts["answered"] += 1
        if gone:
            self._counts["wasted"] += 1
        if exchange.info.resource == "tokenreviews" and response.status == 201:  # noqa: PLR2004 - created
            self._counts["reviews"] += 1

    def asked(self, hit: bool) -> None:  # noqa: FBT001 - one fact
        """The token cache was asked."""
        self._counts["cache_hits" if hit else "cache_misses"] += 1

    def looked_up(self, *, dead: bool) -> None:
        """An authentication of an uncached token has ended."""
        self._counts["lookups"] += 1
        self._counts["dead_lookups"] += dead

    def counts(self) -> Mapping[str, float]:
        """All counts."""
        return self._counts
