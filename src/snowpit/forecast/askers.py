"""Who makes one API server look tokens up: the look-ups per second of each population, by how long a miss takes.

Symbols as in ``mechanism.limiter_laws``: c look-ups in sequence a miss, W seconds from miss to cache fill, TTL of a
success, K tokens, T patience, b back-off, Z think time, M seats. All laws are for one API server and tokens out of phase.
"""

from dataclasses import dataclass
from math import exp, floor, inf

from snowpit.mechanism.limiter_laws import demand

FAR_ASKS = 400
"""Terms of the sum over repeated asks; what comes later is added as a straight line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """What the token cache of the version does with a look-up.

    Args:
        ttl_s: Time to live of a success, s.
        coalesces: Whether concurrent misses of one token share a look-up.
        dead_fills: Whether a look-up fills the cache though nobody waits for it any more.
    """

    ttl_s: float
    coalesces: bool
    dead_fills: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """A population as one API server sees it.

    Args:
        name: Name of the population or scraper.
        kind: ``clients`` (they are authenticated), ``reviews`` (kubelets put a scraper's token to review) or ``refused``
            (tokens that are never accepted, so never cached).
        count: Clients or kubelets.
        rate: Requests per second while all is well.
        open: Whether the rate stays as it is when answers are slow.
        shares: Share of each token, grouped: (number of tokens, share of one).
        lookups: c, look-ups in sequence a miss.
        think_s: Z, s.
        patience_s: T, s, the client's or the time limit of its handler.
        backoff_s: b, s.
        tries: J times R, tries per ``period_s``; reviews only.
        period_s: Time between scrapes, s; reviews only.
        review_period_s: Time between reviews of a kubelet while all is well, s.
        spread_s: Stretch over which a round of reviews begins, s.
        seats: M, seats that reviews may hold.
        own: Whether its tokens are its own, and not another population's.
    """

    name: str
    kind: str
    count: float
    rate: float
    open: bool = False
    shares: tuple[tuple[int, float], ...] = ((1, 1.0),)
    lookups: int = 2
    think_s: float = 0.0
    patience_s: float = inf
    backoff_s: float = 1.0
    tries: float = 1.0
    period_s: float = 60.0
    review_period_s: float = 120.0
    spread_s: float = 4.0
    seats: float = inf
    own: bool = True

    @property
    def tokens(self) -> int:
        """K, tokens in use."""
        return sum(number for number, _ in self.shares)

    def lookups_per_s(self, wait: float, cache: Cache) -> float:
        """Look-ups per second asked for when a miss takes ``wait`` seconds to fill the cache.

        Args:
            wait: W, s.
            cache: The token cache.
        """
        if self.kind == "refused":
            return self.lookups * self._refused(wait)
        if self.kind == "reviews":
            return self.lookups * self._reviews(wait, cache)
        return sum(number * self._one_token(share, wait, cache) for number, share in self.shares)

    def _refused(self, wait: float) -> float:
        """Asks per second of clients whose token is never accepted: each costs, whatever the cache holds."""
        if self.open:
            return self.rate
        spent = min(wait, self.patience_s) + self.think_s
        return self.count / spent if spent > 0 else inf

    def _one_token(self, share: float, wait: float, cache: Cache) -> float:
        rate = self.rate * share
        if rate <= 0:
            return 0.0
        if cache.coalesces:
            return self.lookups / (wait + cache.ttl_s + 1.0 / rate)
        if self.open:
            return demand(wait, rate, tokens=1, lookups=self.lookups, ttl=cache.ttl_s)
        asks = self._asks(self.count * share, wait)
        if not cache.dead_fills and wait >= self.patience_s:
            return self.lookups * asks / wait
        return self.lookups * asks / (2.0 * wait + cache.ttl_s + exp(-rate * wait) / rate)

    def _asks(self, clients: float, wait: float) -> float:
        """Misses of one token's clients within W of the first one, each client one ask at a time.

        A client asks after its think time and again each T + b while it is refused by its own patience.
        """
        again = self.patience_s + self.backoff_s
        first = 1.0 + (floor(wait / again) if again < inf else 0.0)
        others = max(0.0, clients - 1.0)
        return first + others * self._repeated(wait, again)

    def _repeated(self, wait: float, again: float) -> float:
        """Asks of one client within W that begins with thinking."""
        if self.think_s <= 0:
            return 1.0 + (wait / again if again < inf else 0.0)
        total, place = 0.0, 0
        while place * again < wait if again < inf else place == 0:
            total += 1.0 - exp(-(wait - place * again if place else wait) / self.think_s)
            place += 1
            if place == FAR_ASKS:
                return total + max(0.0, wait / again - place)
        return total

    def _reviews(self, wait: float, cache: Cache) -> float:
        """Reviews per second that miss.

        While they end in time: one round, as far as it falls within W of its first miss. Else each kubelet tries again,
        bounded by the seats, and the token is missing half of the time, or all of it where dead work fills nothing. A review
        frees its seat when its handler's time is over, though its look-ups wait on.
        """
        if cache.coalesces:
            return 1.0 / (wait + min(cache.ttl_s + self.period_s, self.review_period_s))
        if wait < self.patience_s and self.spread_s >= self.period_s:
            return demand(wait, self.rate, tokens=1, lookups=1, ttl=cache.ttl_s)
        held = min(wait, self.patience_s)
        seated = self.seats / held if held > 0 else inf
        if wait < self.patience_s:
            within = min(1.0, wait / self.spread_s) if self.spread_s > 0 else 1.0
            round_ = max(1.0, self.count * within)
            return min(round_ / self.review_period_s, seated)
        missing = 0.5 if cache.dead_fills else 1.0
        return missing * min(self.count * self.tries / self.period_s, seated)
