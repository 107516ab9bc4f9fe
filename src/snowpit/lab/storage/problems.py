"""What a store answers instead of an object. The API turns each into the Status of the real API server."""


class StoreError(Exception):
    """A request that the store does not fulfil."""


class NotFoundError(StoreError):
    """There is no such object."""


class ExistsError(StoreError):
    """There is already an object of that name."""


class ConflictError(StoreError):
    """The object is not, or is no longer, what the writer takes it for; the text says in what."""


class ExpiredError(StoreError):
    """That revision is compacted.

    Args:
        asked: Revision that was asked for.
        oldest: Oldest revision that can still be told.
        token: Continue token for the rest of the list as it is now; empty for a watch.
    """

    def __init__(self, asked: int, oldest: int, token: str = "") -> None:
        super().__init__(f"too old resource version: {asked} ({oldest})")
        self.asked = asked
        self.oldest = oldest
        self.token = token


class TokenError(StoreError):
    """A continue token that this store did not make."""
