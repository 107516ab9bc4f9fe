"""Makes the tokens that ``serviceaccounts/token`` asks for."""

from snowpit.lab.api.token_requests import Claims, Mint
from snowpit.lab.authority import ISSUER, Signer


def mint(signer: Signer) -> Mint:
    """What signs the claims of a TokenRequest."""

    def made(claims: Claims) -> str:
        return signer.bound(
            claims.namespace,
            claims.account,
            claims.uid,
            issued=claims.issued,
            expires=claims.expires,
            audiences=claims.audiences or (ISSUER,),
            to=claims.bound,
        )

    return made
