"""Who takes part, and what each shows: credentials by population."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from snowpit.errors import LabError
from snowpit.lab.wire import Certificate, Credential


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Credentials of a lab.

    Args:
        certificates: Client certificates by name.
        clients: By population: what its clients show, by number of the token, or of the client where each has a certificate.
        reviewed: By population: the tokens that it puts to review.
        scrapers: By scraper: what it shows to kubelets.
        nodes: What kubelet i shows to the API server.
        spares: By scraper and kind of credential: what it may be given while the lab runs.
    """

    certificates: Mapping[str, Certificate] = field(default_factory=dict)
    clients: Mapping[str, tuple[Credential, ...]] = field(default_factory=dict)
    reviewed: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    scrapers: Mapping[str, Credential] = field(default_factory=dict)
    nodes: tuple[Credential, ...] = ()
    spares: Mapping[tuple[str, str], Credential] = field(default_factory=dict)

    def spare(self, scraper: str, kind: str) -> Credential:
        """Another credential for a scraper.

        Raises:
            LabError: If there is none of that kind.
        """
        found = self.spares.get((scraper, kind))
        if found is None:
            raise LabError(f"{scraper} has no {kind}.", "Take certificate, static_token or legacy_token.")
        return found
