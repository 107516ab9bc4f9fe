"""Who vouches for whom in a lab: certificate authorities, keys of ServiceAccount tokens, token files.

Everything is made when a lab is set up, is good for nothing outside of it, and lies in files that only their owner
can read.
"""

from snowpit.lab.authority.tokens import ISSUER, LEGACY_ISSUER, Signer, Verifier

__all__ = ["ISSUER", "LEGACY_ISSUER", "Signer", "Verifier"]
