"""Facets of the evidence that is there, so that nobody is asked for what he has given already.

A facet is ``kind.part``: ``audit.nodes`` (requests of kubelets are logged), ``configuration.webhooks``,
``metrics.etcd``, ``log.kubelet``. ``knowledge/next_evidence.toml`` names them in ``gives`` and ``needs``.
"""

from snowpit.diagnose.sources import ACCESS, requests_from
from snowpit.model.observation import Configuration, Observed


def facets(observed: Observed) -> frozenset[str]:
    """Facets of all evidence."""
    found = _audit(observed)
    if observed.configuration is not None:
        found |= _configuration(observed.configuration)
    return frozenset(found)


def _audit(observed: Observed) -> set[str]:
    """What requests show; those of access logs carry no users."""
    policy = observed.policy
    if not observed.traffic.attempts:
        return set()
    parts = {
        "reads": policy.has_read,
        "writes": policy.has_write,
        "nodes": policy.has_nodes,
        "bodies": policy.has_review_bodies,
        "loopback": policy.has_loopback,
        "failures": policy.has_failures,
    }
    kind = "access" if requests_from(observed) == ACCESS else "audit"
    return {f"{kind}.{part}" for part, there in parts.items() if there}


def _configuration(found: Configuration) -> set[str]:
    """What is known of the set-up."""
    parts = {
        "policy": found.policies,
        "apf": found.levels or found.schemas,
        "apf-state": found.states,
        "webhooks": found.webhooks,
        "kubelets": found.kubelets,
        "scrapers": found.scrapers,
        "nodes": found.nodes,
    }
    named = {f"configuration.{part}" for part, there in parts.items() if there}
    return named | {f"configuration.{process.component}" for process in found.processes}
