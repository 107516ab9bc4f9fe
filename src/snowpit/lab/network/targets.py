"""Targets and credentials as header fields, alike for every network."""

import base64
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import parse_qsl, unquote

from snowpit.lab.wire import Credential


@lru_cache(maxsize=16_384)
def split(target: str) -> tuple[str, Mapping[str, str]]:
    """Decoded path and query of a target, the last value of each parameter.

    >>> split("/api/v1/pods?limit=5&limit=6")
    ('/api/v1/pods', {'limit': '6'})
    """
    path, _, query = target.partition("?")
    return unquote(path), dict(parse_qsl(query, keep_blank_values=True)) if query else {}


def shown(headers: Mapping[str, str] | None, credential: Credential) -> Mapping[str, str]:
    """Header fields with what the client shows."""
    found = headers or {}
    if credential.token:
        return {**found, "authorization": f"Bearer {credential.token}"}
    if credential.basic:
        told = base64.b64encode(credential.basic.encode()).decode()
        return {**found, "authorization": f"Basic {told}"}
    return found
