"""Continue tokens of lists (kubernetes/apiserver pkg/storage/etcd3/store.go, continueToken).

A token names the revision of the first page and the object after which the next one begins. Revision -1 means the
state as it is when the page is read.
"""

import base64
import binascii

import msgspec

from snowpit.lab.storage.problems import TokenError

LATEST = -1


class _Token(msgspec.Struct):
    v: str
    rv: int
    start: str


def token(revision: int, namespace: str, name: str) -> str:
    """The token of the page behind an object.

    >>> read_token(token(7, "default", "a"))
    (7, 'default', 'a')
    """
    held = _Token("meta.k8s.io/v1", revision, f"{namespace}/{name}")
    return base64.urlsafe_b64encode(msgspec.json.encode(held)).decode().rstrip("=")


def read_token(text: str) -> tuple[int, str, str]:
    """Revision, namespace and name of a token.

    Raises:
        TokenError: If no store makes such a token.
    """
    try:
        padded = text + "=" * (-len(text) % 4)
        held = msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=_Token)
    except (binascii.Error, msgspec.MsgspecError, ValueError) as error:
        raise TokenError("continue key is not valid: it cannot be decoded") from error
    namespace, slash, name = held.start.partition("/")
    if held.v != "meta.k8s.io/v1" or not slash or not LATEST <= held.rv < 1 << 62 or held.rv == 0:
        raise TokenError("continue key is not valid: server does not recognize this encoded version")
    return held.rv, namespace, name
