"""Which interventions make sense for a scenario: by id, alone and in pairs."""

from collections.abc import Mapping, Sequence

from snowpit.cluster.scenario import Scenario
from snowpit.forecast import interventions as may
from snowpit.forecast.interventions import Intervention, Making

INTERVENTIONS: Mapping[str, Making] = {
    "scraper_certificate": may.scraper("certificate"),
    "scraper_static_token": may.scraper("static_token"),
    "stop_scraper": may.stop_scraper,
    "restart": may.restart,
    "staggered_restart": may.staggered_restart,
    "raise_mutating_limit": may.limited(lambda limit: 2 * limit),
    "lower_mutating_limit": may.limited(may.lower),
    "fewer_clients": may.fewer_clients,
    "shed_load": may.shed,
    "client_backoff": may.backoff,
    "longer_kubelet_cache": may.kubelet_cache,
    "longer_token_cache": may.token_cache,
    "lookup_off": may.lookup_off,
    "another_server": may.another_server,
    "upgrade_patch": may.upgrade_patch,
    "upgrade_1_14": may.upgrade("1.14.0"),
    "upgrade_1_17": may.upgrade("1.17.0"),
    "upgrade_1_18": may.upgrade("1.18.0"),
    "priority_and_fairness_guard": may.guard,
}
"""Interventions by id, in the order of ``interventions.toml``."""

PAIRS: Sequence[tuple[str, str]] = (
    ("scraper_certificate", "staggered_restart"),
    ("scraper_certificate", "lower_mutating_limit"),
    ("scraper_certificate", "fewer_clients"),
    ("shed_load", "scraper_certificate"),
)
"""Pairs that operators would do together: one takes the load away, the other the cause."""


def candidates(scenario: Scenario) -> dict[tuple[str, ...], Intervention]:
    """Interventions that make sense for the scenario, single ones first, then pairs, by ids."""
    found: dict[tuple[str, ...], Intervention] = {
        (name,): made for name, make in INTERVENTIONS.items() if (made := make(scenario)) is not None
    }
    for first, second in PAIRS:
        one = found.get((first,))
        other = INTERVENTIONS[second](one.base) if one is not None else None
        if one is not None and other is not None:
            found[first, second] = _both(one, other, INTERVENTIONS[second])
    return found


def _both(one: Intervention, other: Intervention, make: Making) -> Intervention:
    """Two at once: what lasts of the first is the ground of the second."""
    lasting = make(one.fixed) if one.fixed is not None else None
    fixed = lasting.fixed if lasting is not None and lasting.fixed is not None else one.fixed or other.fixed
    return Intervention(other.base, (*one.acts, *other.acts), fixed)
