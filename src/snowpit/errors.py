"""Errors a user can act on, named by whose move it is.

Anything else that escapes is a defect of snowpit. Bad data is not an error:
it is counted, sampled and reported as coverage.
"""


class SnowpitError(Exception):
    """A failure with its remedy.

    Args:
        message: What is wrong: place, offending value and rule. Never holds a token or a request body.
        hint: What to type or change next.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class EvidenceError(SnowpitError):
    """The evidence cannot be read at all, or holds nothing that was asked for."""


class QueryError(SnowpitError):
    """A filter, pivot or SQL statement of the user's does not hold."""


class ScenarioError(SnowpitError):
    """A scenario or a parameter of one breaks a rule."""


class FactError(SnowpitError):
    """A fact, version or name is not known to this release."""


class LabError(SnowpitError):
    """The lab cannot do what was asked."""
