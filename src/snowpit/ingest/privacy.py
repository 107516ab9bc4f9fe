"""What of a configuration may be kept: values whose name or shape says secret are blanked."""

import re

from snowpit.ingest.redact import redact

HIDDEN = "***"
"""What stands for a value that is not kept."""

LONGEST = 2000
"""Characters of a value that are kept."""

_LOOKED_AT = 20_000

_NAME = re.compile(
    r"(?i)pass(?:word|wd|phrase)?(?:$|[-_.])|secret|token|credential|bearer|api[-_]?key|access[-_]?key"
    r"|private[-_]?key|ca[-_]?bundle|key[-_]?(?:data|material)|certificate[-_]?data|authorization[-_]?header|jwt|cookie"
)
_ITSELF = re.compile(r"(?i)(?:(?:^|[-_])key|basic[-_]auth)$")
"""Names of a secret itself, unless the value is a path or nothing."""
_HARMLESS_NAME = re.compile(
    r"(?i)(?:file|path|dir|directory|ttl|timeout|lookup|issuer|expiration|duration|extended|enabled|enable|name|names"
    r"|namespace|mode|strategy|period|interval|qps|burst|audiences?|count|size|version|resource|resources|verbs|syncs"
    r"|max[-_]?age|type|kind|level|apigroup|authentication|auth)(?:\.\d+)*$"
)
_HARMLESS_VALUE = re.compile(r"(?i)true|false|[0-9]+(?:\.[0-9]+)?|(?:[0-9.]+(?:h|m|s|ms|us))+|\{\}|\[\]|")
_PEM = re.compile(r"-----BEGIN|LS0tLS1CRUdJTi")
_BOOTSTRAP = re.compile(r"\b[a-z0-9]{6}\.[a-z0-9]{16}\b")
_OPAQUE = re.compile(r"[A-Za-z0-9+_-]{40,}={0,2}")
_ASSIGNED = re.compile(r"(?i)((?:password|passwd|secret|token|api[-_]?key)[-_a-z]*=)[^\s,;&]+")


def kept(key: str, value: str) -> str:
    """A value as it may be kept.

    Args:
        key: Flag or path of fields.
        value: As written.

    Returns:
        The value; ``***`` where its name says secret and it is no path, number, duration or truth value; with
        credentials inside URLs, keys, long opaque words and the like blanked in place.

    >>> kept("token", "abc"), kept("service-account-key", "abc"), kept("token-auth-file", "/etc/tokens"), kept("etcd-servers", "https://me:pw@etcd:2379")
    ('***', '***', '/etc/tokens', 'https://REDACTED@etcd:2379')
    """
    value = value[:_LOOKED_AT]
    if _PEM.search(value):
        return HIDDEN
    if secret_name(key, value):
        return HIDDEN
    clean = _ASSIGNED.sub(rf"\1{HIDDEN}", _BOOTSTRAP.sub(HIDDEN, value))
    return _OPAQUE.sub(_opaque, redact(clean))[:LONGEST]


def secret_name(key: str, value: str) -> bool:
    """Whether a name says that its value is secret, and the value is no path, number, duration or truth value."""
    words = _words(key)
    if _ITSELF.search(words) and value and "/" not in value:
        return True
    named = _NAME.search(words) and not _HARMLESS_NAME.search(key)
    return bool(named) and not _HARMLESS_VALUE.fullmatch(value)


def _words(key: str) -> str:
    """Camel case as words, so that ``webhookToken`` and ``webhook-token`` are one."""
    return re.sub(r"([a-z])([A-Z])", r"\1-\2", key)


def _opaque(found: re.Match[str]) -> str:
    """A long word is blanked if it mixes digits and both cases, as keys do and names do not."""
    word = found[0]
    mixed = any(map(str.isdigit, word)) and any(map(str.isupper, word)) and any(map(str.islower, word))
    return HIDDEN if mixed else word
