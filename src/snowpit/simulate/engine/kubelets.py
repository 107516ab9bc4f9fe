"""Kubelets: what they do when something scrapes them.

A scrape is a call of the scraper's population. The kubelet first wants to know who asks (a
TokenReview, unless its cache knows or the scraper shows a certificate), then whether that
user may (a SubjectAccessReview, unless cached). To 1.17 every scrape that misses asks for
itself; the scraper's giving up cancels nothing.
"""

from snowpit.mechanism.ttl_cache import fresh
from snowpit.simulate.engine.agenda import push, push_after
from snowpit.simulate.engine.calls import GOOD, NOT_TRUSTED, begin, finish, start_now
from snowpit.simulate.engine.chance import SPREAD, uniform
from snowpit.simulate.engine.layout import (
    ACCESS,
    ATTEMPTS,
    GIVEN_UP,
    GOODPUT,
    NOBODY,
    REVIEWED,
    ROUND,
    SCRAPE,
    SCRAPED,
    SOJOURN,
    World,
)


def scrape_round(w: World, scraper: int) -> None:
    """A round begins: each kubelet is asked after a delay of its own."""
    who = w.scrapers[scraper]
    clock = w.clock[0]
    count = w.kubelets[0].count
    if who.running:
        for kubelet in range(count):
            u = uniform(who.key, SPREAD, who.rounds * count + kubelet)
            push(w, clock.now + who.spread * u, SCRAPE, kubelet, scraper)
    who.rounds += 1
    push(w, clock.now + who.period, ROUND, scraper, 0)


def scrape(w: World, kubelet: int, scraper: int) -> None:
    """A kubelet is asked for its metrics."""
    who = w.scrapers[scraper]
    clock = w.clock[0]
    if who.evenly:
        push_after(w, who.ring, who.period, SCRAPE, kubelet, scraper)
    if not who.running:
        return
    c = begin(w, w.populations[who.population].first + kubelet, SCRAPED, NOBODY)
    w.client_counts[who.population, clock.bin, ATTEMPTS] += 1.0
    visit = w.visits[scraper, kubelet]
    if not who.needs_review or fresh(visit.known_until, clock.now):
        authorize(w, c, scraper, kubelet)
    elif fresh(visit.refused_until, clock.now):
        scraped(w, c, False)
    elif w.kubelets[0].coalesces and visit.review != NOBODY:
        w.calls[c].next = w.calls[visit.review].parent
        w.calls[visit.review].parent = c
    else:
        review = begin(w, w.populations[who.reviews].first + kubelet, REVIEWED, c)
        visit.review = review
        start_now(w, review)


def authorize(w: World, c: int, scraper: int, kubelet: int) -> None:
    """The scraper is known: may it?"""
    visit = w.visits[scraper, kubelet]
    if not w.kubelets[0].authorizes or fresh(visit.allowed_until, w.clock[0].now):
        scraped(w, c, True)
        return
    population = w.populations[w.scrapers[scraper].access]
    start_now(w, begin(w, population.first + kubelet, ACCESS, c))


def scraped(w: World, c: int, good: bool) -> None:
    """The kubelet answers the scraper; an answer after the scraper's time limit is none."""
    call = w.calls[c]
    clock = w.clock[0]
    took = clock.now - call.begun
    counts = w.client_counts[call.population, clock.bin]
    if good and took <= w.scrapers[w.populations[call.population].scraper].timeout:
        counts[GOODPUT] += 1.0
        counts[SOJOURN] += took
    else:
        counts[GIVEN_UP] += 1.0
    finish(w, c)


def reviewed(w: World, c: int, outcome: int) -> None:
    """A kubelet's TokenReview ended: remember it, and go on with all scrapes that waited."""
    call = w.calls[c]
    population = w.populations[call.population]
    kubelet = call.client - population.first
    visit = w.visits[population.scraper, kubelet]
    laws = w.kubelets[0]
    now = w.clock[0].now
    if outcome == GOOD:
        visit.known_until = now + laws.ok_ttl
    elif outcome == NOT_TRUSTED and laws.keeps_errors:
        visit.refused_until = now + laws.failed_ttl
    if visit.review == c:
        visit.review = NOBODY
    waiting = call.parent
    while waiting != NOBODY:
        following = w.calls[waiting].next
        if outcome == GOOD:
            authorize(w, waiting, population.scraper, kubelet)
        else:
            scraped(w, waiting, False)
        waiting = following
    finish(w, c)


def allowed(w: World, c: int, outcome: int) -> None:
    """A kubelet's SubjectAccessReview ended."""
    call = w.calls[c]
    population = w.populations[call.population]
    good = outcome == GOOD
    if good:
        visit = w.visits[population.scraper, call.client - population.first]
        visit.allowed_until = w.clock[0].now + w.kubelets[0].allowed_ttl
    scraped(w, call.parent, good)
    finish(w, c)
