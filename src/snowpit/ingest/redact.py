"""One rule for text that is kept: what looks like a credential is blanked.

The pattern is written in the common subset of Python's ``re`` and RE2, so that
the fast tier can apply the same rule: ``regexp_replace(text, SECRET, BLANKED, 'g')``.
Fields it applies to are listed in :data:`REDACTED`.
"""

import re

_CREDENTIAL = (
    r"((?i:bearer(?:\s|%20|\+)+|base64url\.bearer\.authorization\.k8s\.io\."
    r"|[?&](?:sig|pass|key|auth|code|session|command)(?:=|%3D)"
    r"|(?:token|authorization|password|passwd|passphrase|pwd|secret|credentials?|assertion|signature"
    r"|(?:api|access|private|secret)[_-]?key)(?:=|%3D)))"
)
# As a header is written; names such as system:serviceaccount:secret:app have no blank there, and words are short.
_HEADER = (
    r"((?i:authorization:\s+(?:basic|bearer|digest|negotiate)\s+"
    r"|(?:token|authorization|password|passwd|secret|api[_-]?key):\s+))"
)
_LONG_VALUE = r"[^\s&#,;\"']{10,}"
_VALUE = r"[^\s&#,;\"']+"
_PART = "[A-Za-z0-9_-]"
_DOT = r"(?:\.|%2[eE])"
# A cut token need not have a dot; "keyJanitor" has neither the length nor the dot.
_WEB_KEY = f"|eyJ(?:{_PART}{{6,}}{_DOT}{_PART}{{10,}}|{_PART}{{24,}})(?:{_DOT}{_PART}*)*"
# User and password in an address, which may itself be the parameter of another one.
_USERINFO = (
    r"|(://)[^\s/?#\"]+(@|%40)"
    r"|((?i:%3A%2F%2F))(?:[^\s/?#&\"'%]|%[013-9A-Fa-f][0-9A-Fa-f]|%2[0-9A-Ea-e])+(%40)"
)
SECRET = _CREDENTIAL + _VALUE + "|" + _HEADER + _LONG_VALUE + _WEB_KEY + _USERINFO
"""A bearer token, the value of a parameter that carries a secret (the commands of an exec too), a JSON web token, whole
or cut, or the user and password of an address."""

BLANKED = r"\1\2\3\5REDACTED\4\6"
"""Replacement for :data:`SECRET`, for Python and for RE2."""

REDACTED = (
    "audit_id",
    "verb",
    "group",
    "version",
    "resource",
    "subresource",
    "namespace",
    "name",
    "uri",
    "user",
    "groups",
    "user_agent",
    "source",
    "impersonated",
    "subject",
    "reason",
    "stage",
    "level",
    "server",
)
"""Columns to which the rule applies."""

_SECRET = re.compile(SECRET)
_SIGNS = ("eyj", "=", "bearer", "%3", ": ", "://")
"""Cheap: one of them is in every text in which the rule may find something."""


def redact(text: str) -> str:
    """The text with everything that looks like a credential blanked.

    >>> redact("/api/v1/pods?access_token=abc&limit=5")
    '/api/v1/pods?access_token=REDACTED&limit=5'
    """
    folded = text.lower()
    if any(sign in folded for sign in _SIGNS):
        return _SECRET.sub(BLANKED, text)
    return text
