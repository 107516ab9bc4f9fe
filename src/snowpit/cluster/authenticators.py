"""The authenticator chain: who is asked, in which order, and what a credential costs.

Requests are tried by front proxy, basic auth, client certificate, then bearer token: token
cache, token file, legacy ServiceAccount token, bound ServiceAccount token, bootstrap token,
OIDC, webhook; anonymous comes last. A certificate that is accepted ends the chain, so a
token beside it is never looked at. A ServiceAccount token whose look-up fails goes on down
the chain; here nobody further down knows it. The loopback client's own token stands in
front of everything and costs nothing.

Sources: kubernetes 1.12.4, 1.28.0 pkg/kubeapiserver/authenticator/config.go; 1.12.4
pkg/serviceaccount/{jwt,legacy,claims}.go; kubernetes/kubernetes#71816, #89069.
"""

from typing import NamedTuple

from snowpit.cluster.control_plane import ControlPlane


class Authenticator(NamedTuple):
    """One link of the chain.

    Args:
        name: Name.
        credentials: Credentials of ``workload.CREDENTIALS`` that it decides on.
        behind_cache: Whether the token cache stands before it.
        costs: What it costs, in words.
    """

    name: str
    credentials: tuple[str, ...]
    behind_cache: bool
    costs: str


_LEGACY = ("legacy_token", "deleted_token", "garbage_token")
_CHAIN = (
    Authenticator("front_proxy", ("front_proxy",), behind_cache=False, costs="a signature check"),
    Authenticator("basic", ("basic",), behind_cache=False, costs="a comparison with a file"),
    Authenticator("x509", ("certificate", "masters"), behind_cache=False, costs="a signature check"),
    Authenticator("token_file", ("static_token",), behind_cache=True, costs="a comparison with a file"),
    Authenticator(
        "service_account_legacy", _LEGACY, behind_cache=True, costs="a signature check and look-ups"
    ),
    Authenticator(
        "service_account_bound", ("bound_token",), behind_cache=True, costs="a signature check and look-ups"
    ),
    Authenticator(
        "bootstrap", ("bootstrap_token",), behind_cache=True, costs="a read of the informer's cache"
    ),
    Authenticator("oidc", ("oidc_token",), behind_cache=True, costs="a signature check"),
    Authenticator("webhook", ("webhook_token",), behind_cache=True, costs="a call of a webhook"),
    Authenticator("anonymous", ("anonymous",), behind_cache=False, costs="nothing"),
)


class Price(NamedTuple):
    """What one authentication of a credential costs that is not in the token cache.

    Args:
        lookups: Reads through the loopback client, one after the other.
        accepted: Whether it ends well (if no look-up fails by itself).
        cached: Whether the token cache keeps the outcome.
        seconds: Time apart from those reads, s.
    """

    lookups: int
    accepted: bool
    cached: bool
    seconds: float


def chain(plane: ControlPlane) -> tuple[Authenticator, ...]:
    """The chain of a control plane in its order."""
    return tuple(link for link in _CHAIN if link.name != "basic" or plane.may("basic_auth_file"))


def price(plane: ControlPlane, credential: str, *, synced: bool = True) -> Price:
    """What an uncached credential costs.

    Args:
        plane: The control plane; values that it does not know count as in 1.12.
        credential: One of ``workload.CREDENTIALS``.
        synced: Whether the informers of Secrets, ServiceAccounts and Pods have synced (they matter from 1.14).

    A token of a deleted Secret costs one live read in every version, for the informer does not know the object
    either; with ``service_account_lookup`` false nobody asks for the Secret and the token is still accepted.
    A token that does not verify costs nothing. Bound tokens are looked up whatever ``service_account_lookup`` says.
    """
    by_informer = synced and bool(plane.flag("informer_first"))
    if credential == "legacy_token":
        wanted = plane.may("service_account_lookup") and not by_informer
        return Price(
            _number(plane, "lookups_legacy_live") if wanted else 0, accepted=True, cached=True, seconds=0.0
        )
    if credential == "bound_token":
        return Price(
            0 if by_informer else _number(plane, "lookups_bound_live"),
            accepted=True,
            cached=True,
            seconds=0.0,
        )
    if credential == "deleted_token":
        asked = plane.may("service_account_lookup")
        return Price(int(asked), not asked, not asked, 0.0)
    if credential == "garbage_token":
        return Price(0, accepted=False, cached=False, seconds=0.0)
    return _without_lookups(plane, credential)


def _without_lookups(plane: ControlPlane, credential: str) -> Price:
    found = [link for link in chain(plane) if credential in link.credentials]
    webhook = credential == "webhook_token"
    seconds = (plane.number("webhook_authentication_s") or 0.0) if webhook else 0.0
    return Price(0, bool(found), any(link.behind_cache for link in found), seconds)


def _number(plane: ControlPlane, name: str) -> int:
    value = plane.number(name)
    return 2 if value is None else int(value)
