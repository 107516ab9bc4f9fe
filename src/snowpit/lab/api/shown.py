"""Stored objects as answers: JSON goes out as it is stored, only its apiVersion is that of the path."""

from collections.abc import Iterable
from typing import Any

import msgspec

from snowpit.lab.api.status import JSON
from snowpit.lab.exchange import Exchange
from snowpit.lab.wire import Response

_KIND = b',"kind":'
_METADATA = b',"metadata":'


def shown(value: bytes, api_version: str) -> bytes:
    """An object of the store (which writes apiVersion, kind and metadata first) under an apiVersion."""
    return b'{"apiVersion":"' + api_version.encode() + b'"' + value[value.index(_KIND) :]


def bare(value: bytes) -> bytes:
    """An item of a typed list: without kind and apiVersion, as the API server writes them."""
    return b"{" + value[value.index(_METADATA) + 1 :]


def listed(kind: str, api_version: str, metadata: Any, values: Iterable[bytes]) -> bytes:  # noqa: ANN401 - JSON
    """A list of objects of the store."""
    head = msgspec.json.encode({"kind": f"{kind}List", "apiVersion": api_version, "metadata": metadata})
    return head[:-1] + b',"items":[' + b",".join(bare(value) for value in values) + b"]}"


def answer(exchange: Exchange, code: int, body: bytes) -> Response:
    """A response with JSON, which the audit log may show too."""
    exchange.answer = msgspec.Raw(body)
    return Response(code, JSON, body + b"\n")


def answer_object(exchange: Exchange, code: int, item: object) -> Response:
    """The same with an object that is not from the store."""
    return answer(exchange, code, msgspec.json.encode(item))
