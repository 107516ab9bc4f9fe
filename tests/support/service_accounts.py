"""ServiceAccounts with their Secrets, and tokens made to deceive."""

import base64
import hmac
import json
from typing import Any

from snowpit.lab.authority import Signer
from snowpit.lab.authority.tokens import rsa

Item = tuple[str, dict[str, Any]]


def account(signer: Signer, name: str, namespace: str = "bench") -> tuple[str, list[Item]]:
    """The token of a ServiceAccount, and the objects that make it good."""
    uid, secret = f"uid-{name}", f"{name}-token"
    token = signer.legacy(namespace, secret, name, uid)
    data = {"token": base64.b64encode(token.encode()).decode()}
    metadata = {"name": name, "namespace": namespace, "uid": uid}
    made = {"kind": "ServiceAccount", "apiVersion": "v1", "metadata": metadata}
    kept = {
        "kind": "Secret",
        "apiVersion": "v1",
        "metadata": {"name": secret, "namespace": namespace},
        "type": "kubernetes.io/service-account-token",
        "data": data,
    }
    return token, [("serviceaccounts", made), ("secrets", kept)]


def forged(token: str, **changes: object) -> str:
    """The token with another payload and the old signature."""
    head, _, signature = token.split(".")
    made = base64.urlsafe_b64encode(json.dumps({**claims(token), **changes}).encode()).rstrip(b"=").decode()
    return f"{head}.{made}.{signature}"


def unsigned(token: str) -> str:
    """The token with ``alg: none``."""
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}."


def by_public_key(token: str, public: bytes) -> str:
    """Signed with the public key as if it were a shared secret."""
    head = base64.urlsafe_b64encode(b'{"alg":"HS256"}').rstrip(b"=").decode()
    signed = f"{head}.{token.split('.')[1]}"
    found = hmac.digest(public, signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(found).rstrip(b'=').decode()}"


def by_another_key(token: str) -> str:
    """Signed well, by a stranger."""
    return Signer(rsa()).sign(claims(token))


def claims(token: str) -> dict[str, Any]:
    """What a token claims."""
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return found
