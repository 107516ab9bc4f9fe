"""All observations by name, in the order in which they are read."""

from collections.abc import Callable
from typing import NamedTuple

from snowpit.observe.change import change
from snowpit.observe.clients import clients, evenness_of_all, kinds
from snowpit.observe.clocks import clocks
from snowpit.observe.configuration import configuration
from snowpit.observe.drains import drains
from snowpit.observe.lists import lists, relists
from snowpit.observe.logins import logins, loopback
from snowpit.observe.logs import logs
from snowpit.observe.metrics import metrics
from snowpit.observe.modes import modes
from snowpit.observe.open_requests import open_requests
from snowpit.observe.policy import hints, policy
from snowpit.observe.retries import retries
from snowpit.observe.reviews import reviews
from snowpit.observe.scope import Scope
from snowpit.observe.seats import seats
from snowpit.observe.stalls import stalls
from snowpit.observe.timeline import timeline
from snowpit.observe.traffic import traffic
from snowpit.observe.waves import waves
from snowpit.observe.webhooks import webhooks
from snowpit.store import Tables


class Observation(NamedTuple):
    """One observation: its docstring is its page.

    Args:
        name: As ``Observed`` names its field.
        title: A few words.
        unit: Unit of its main numbers.
        function: Takes tables and a scope, gives the record.
    """

    name: str
    title: str
    unit: str
    function: Callable[[Tables, Scope], object]


OBSERVATIONS: tuple[Observation, ...] = (
    Observation("traffic", "Traffic by request class", "attempts, attempts per second, seconds", traffic),
    Observation("timeline", "Counts and concurrency over time", "per bin", timeline),
    Observation("seats", "In-flight seats held", "seats, seconds", seats),
    Observation("open_requests", "Requests without an end", "requests", open_requests),
    Observation("modes", "Latency modes", "seconds", modes),
    Observation("drains", "Completions at a fixed rate", "completions per second", drains),
    Observation("waves", "Arrivals in waves", "seconds", waves),
    Observation("change", "Where the trouble starts", "µs since the epoch", change),
    Observation("clients", "Largest clients", "attempts, seconds", clients),
    Observation(
        "evenness", "Evenness over nodes, sources and users", "share, Gini coefficient", evenness_of_all
    ),
    Observation("kinds", "Kinds of client", "attempts, seconds", kinds),
    Observation("reviews", "TokenReviews and SubjectAccessReviews", "attempts, seconds", reviews),
    Observation("logins", "Failed logins", "attempts", logins),
    Observation("loopback", "Look-ups of the server at itself", "look-ups per second", loopback),
    Observation("lists", "LISTs by where they are read", "attempts, seconds", lists),
    Observation("relists", "Herds of LISTs and watches", "attempts in 30 s", relists),
    Observation("retries", "Repeated attempts", "attempts", retries),
    Observation("stalls", "Stalls of the whole server", "seconds", stalls),
    Observation("webhooks", "Time in admission webhooks", "seconds", webhooks),
    Observation("policy", "What the audit policy hides", "presence", policy),
    Observation("hints", "What requests tell of the control plane", "versions, distinct names", hints),
    Observation("configuration", "How the control plane is configured", "as written, seconds", configuration),
    Observation(
        "metrics", "What metrics tell of each process", "seconds, bytes, counts, per second", metrics
    ),
    Observation("logs", "What component logs tell", "lines, seconds, requests per second", logs),
    Observation("clocks", "Offsets between clocks of sources", "seconds", clocks),
)
