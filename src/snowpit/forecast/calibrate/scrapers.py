"""Who scrapes the kubelets: in rounds or evenly, how often, and with what in hand."""

import re
from dataclasses import replace

from snowpit.cluster.by_version import PART_OF_PERIOD, joint_spread, metrics_server_of
from snowpit.cluster.workload import Scraper, Tokens
from snowpit.errors import ScenarioError
from snowpit.forecast.calibrate.account import Part, plain
from snowpit.knowledge.version import Version
from snowpit.model.forecast import Estimate, Source, Unidentified
from snowpit.model.observation import Observed
from snowpit.model.observation import Scraper as Told
from snowpit.model.observation.demand import Demand, Rounds

WITHIN = 0.95
"""Part of a round that ``Rounds.within_s`` holds."""

OFTEN = 20
"""Repeated reviews from which their rhythm is believed."""

USUAL = "metrics-server"
SUBJECT = "system:serviceaccount:kube-system:metrics-server"
CREDENTIALS = {"client certificate": "certificate", "static token": "static_token"}

NO_REVIEWS = Unidentified(
    "Whether somebody scrapes the kubelets with a token: no TokenReview of a kubelet is in the evidence.",
    "An audit policy that keeps create tokenreviews (snowpit policy > policy.yaml).",
)
NOBODYS_TOKEN = Unidentified(
    "Whose token kubelets put to review: the evidence shows no review's subject.",
    "The manifest of metrics-server or the scrape job of Prometheus, or audit level RequestResponse for tokenreviews"
    " (answers name the user; requests hold the token, keep them out).",
)


def scraper_of(
    version: Version, nodes: int, observed: Observed, *, demand: Demand
) -> tuple[Scraper | None, str, Part]:
    """Who scrapes the kubelets, if reviews or the configuration tell of somebody.

    Args:
        version: Version of the kubelets.
        nodes: Their number.
        observed: Observations; the configuration is read from it.
        demand: What calibration measures.

    Returns:
        The scraper, whose token it shows (empty if not known), and the account of both.
    """
    told = _told(observed)
    rounds = demand.rounds
    if rounds is None and (told is None or told.credential not in CREDENTIALS):
        return None, "", Part(unidentified=(NO_REVIEWS,))
    name = re.sub("[^a-z0-9-]", "", told.component) if told else USUAL
    subject = plain(rounds.subject if rounds else "") or (SUBJECT if name == USUAL else "")
    scraper = _released(Scraper(name=name or USUAL), told)
    scraper = replace(scraper, tokens=_shown(version, rounds, told, subject=subject, demand=demand))
    scraper, of_times = _paced(scraper, rounds, told, nodes=nodes)
    part = Part((_of_token(scraper, rounds, told),)) + of_times
    if rounds is not None and not rounds.subject and told is None:
        part += Part(unidentified=(NOBODYS_TOKEN,))
    return scraper, subject, part


def _told(observed: Observed) -> Told | None:
    """The scraper that the configuration tells of: the one that shows a ServiceAccount's token, if any does."""
    found = observed.configuration.scrapers if observed.configuration else ()
    ranked = sorted(found, key=lambda one: one.credential in CREDENTIALS)
    return ranked[0] if ranked else None


def _released(scraper: Scraper, told: Told | None) -> Scraper:
    """Periods and time limits of the release, if it is told."""
    if told is None or not told.version or told.component != USUAL:
        return scraper
    try:
        return metrics_server_of(told.version, scraper)
    except ScenarioError:
        return scraper


def _shown(
    version: Version, rounds: Rounds | None, told: Told | None, *, subject: str, demand: Demand
) -> Tokens:
    """What it shows: reviews come of tokens alone."""
    if rounds is None and told is not None:
        return Tokens(credential=CREDENTIALS[told.credential], subject=subject or SUBJECT)
    bound = version.at_least("1.21") and not demand.limiter.secrets
    return Tokens(credential="bound_token" if bound else "legacy_token", subject=subject or SUBJECT)


def _of_token(scraper: Scraper, rounds: Rounds | None, told: Told | None) -> Estimate:
    reference = f"{rounds.reviews:,} TokenReviews by {rounds.nodes:,} kubelets while calm" if rounds else ""
    if told is not None:
        reference = f"{told.credential} in {told.pointer or told.object}" + (
            f", and {reference}" if reference else ""
        )
    return Estimate(
        key=f"scrapers.{scraper.name}.tokens.credential",
        value=scraper.tokens.credential,
        source=Source.MEASURED if rounds else Source.FLAG,
        reference=reference,
    )


def _often(rounds: Rounds) -> bool:
    """Whether kubelets asked again often enough to tell rounds from arrivals at all times."""
    return rounds.gap is not None and rounds.gap.measured >= OFTEN


def _paced(scraper: Scraper, rounds: Rounds | None, told: Told | None, *, nodes: int) -> tuple[Scraper, Part]:
    """Period, spread and time limit."""
    period, source, reference = scraper.period_s, Source.VERSION_DEFAULT, "metrics-server of that time"
    if told is not None and told.period_s:
        period, source, reference = told.period_s, Source.FLAG, str(told.pointer or told.object)
    elif rounds is not None and rounds.period_s:
        period, source = rounds.period_s, Source.MEASURED
        reference = f"rounds of reviews (concentration {rounds.concentration:.2f})"
    together = rounds is None or rounds.period_s is not None or not _often(rounds)
    spread = joint_spread(nodes) if rounds is None or not rounds.period_s else rounds.within_s / WITHIN
    if not together:
        spread = 0.0
    timeout = scraper.timeout_s if period == scraper.period_s else PART_OF_PERIOD * period
    found = replace(
        scraper, period_s=period, spread_s=min(spread, period), timeout_s=timeout, evenly=not together
    )
    measured = rounds is not None and (rounds.period_s is not None or not together)
    how = "reviews come at all times" if not together else "stretch of a round in which reviews come"
    how = how if measured else "metrics-server spreads a round over its nodes"
    key = f"scrapers.{scraper.name}"
    low = min(period, rounds.period_s) if rounds and rounds.period_s else period
    high = max(period, rounds.period_s) if rounds and rounds.period_s else period
    return found, Part(
        (
            Estimate(
                key=f"{key}.period",
                value=period,
                low=low,
                high=high,
                unit="s",
                source=source,
                reference=reference,
            ),
            Estimate(
                key=f"{key}.spread",
                value=found.spread_s,
                low=0.8 * found.spread_s,
                high=1.25 * found.spread_s,
                unit="s",
                source=Source.MEASURED if rounds else Source.VERSION_DEFAULT,
                reference="stretch of a round in which reviews come"
                if together
                else "reviews come all the time",
            ),
        )
    )
