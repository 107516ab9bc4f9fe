"""Facets of the evidence that is there, so that nobody is asked for what he has given already.

A facet is ``kind.part``: ``audit.nodes`` (requests of kubelets are logged), ``configuration.webhooks``,
``metrics.etcd``, ``log.kubelet``. ``knowledge/next_evidence.toml`` names them in ``gives`` and ``needs``.
"""

from snowpit.diagnose.beside import APISERVER
from snowpit.diagnose.sources import ACCESS, requests_from
from snowpit.model.observation import Configuration, Logs, Metrics, Observed


def facets(observed: Observed) -> frozenset[str]:
    """Facets of all evidence."""
    found = _audit(observed)
    if observed.configuration is not None:
        found |= _configuration(observed.configuration)
    if observed.metrics is not None:
        found |= _metrics(observed.metrics)
    if observed.logs is not None:
        found |= _logs(observed.logs)
    return frozenset(found)


def _metrics(found: Metrics) -> set[str]:
    """Which components are measured, and whether counters have rates."""
    again = any(item.component == APISERVER and item.instants > 1 for item in found.instances)
    return {f"metrics.{item.component}" for item in found.instances} | ({"metrics.rates"} if again else set())


def _logs(found: Logs) -> set[str]:
    """Whose logs are there, and what they show."""
    kinds = {
        "throttled": "throttling",
        "apiservice_down": "apiservices",
        "certificate": "certificates",
        "started": "starts",
    }
    own = {"throttled"}
    shown = {
        f"log.{part}" for kind, part in kinds.items() if found.of(kind, APISERVER if kind in own else "")
    }
    return shown | {f"log.{component}" for component in found.components}


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
