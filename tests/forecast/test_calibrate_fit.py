"""Values that stay assumed are fitted by simulation where a failure shows them."""

from dataclasses import replace
from functools import partial

import pytest

from snowpit.cluster.scenario import Scenario
from snowpit.forecast.calibrate.clients import HOW_MANY, NAME
from snowpit.forecast.calibrate.fit import COUNT, SEEDS, fit, signs_of
from snowpit.model.forecast import Calibration, Estimate, Source
from snowpit.model.observation.demand import Signs
from snowpit.simulate import simulate
from support.calibrated import small

TRUE = 140
assumed = partial(
    Estimate, key=COUNT, source=Source.ASSUMED, reference="a think time of 20 s", unit="clients"
)


def incident(count: int) -> Scenario:
    """The incident at a tenth of its size with another number of clients at the same rate of requests."""
    found = small("incident-1.12", minutes=20)
    clients = []
    for one in found.clients:
        if one.name == "apps":
            think = replace(one.think, mean_s=one.think.mean_s * count / one.count)
            clients.append(replace(one, name=NAME, count=count, think=think))
        else:
            clients.append(one)
    return replace(found, clients=tuple(clients))


@pytest.fixture(scope="module")
def signs() -> Signs:
    """How the true incident looks, with a seed that fitting does not use."""
    scenario = incident(TRUE)
    assert 9 not in SEEDS
    return signs_of(scenario, simulate(scenario, seed=9))


def test_the_number_of_clients_is_fitted_within_narrower_bounds(signs: Signs) -> None:
    start = incident(70)
    account = Calibration(estimates=(assumed(value=70, low=35, high=420),), unidentified=(HOW_MANY,))
    found = fit(start, account, signs, points=32)
    (estimate,) = found.calibration.estimates
    assert estimate.low is not None
    assert estimate.high is not None
    assert estimate.low <= TRUE <= estimate.high
    assert estimate.high / estimate.low < 420 / 35 / 2
    assert estimate.source is Source.MEASURED
    assert found.calibration.unidentified == ()
    fitted = next(one for one in found.scenario.clients if one.name == NAME)
    assert fitted.count == estimate.value
    rate = fitted.count / (fitted.think.mean_s + fitted.operation.service.mean_s)
    assert rate == pytest.approx(TRUE / 20.0, rel=0.01)


def test_nothing_is_fitted_without_a_failure_or_without_a_guess(signs: Signs) -> None:
    scenario = incident(70)
    guess = Calibration(estimates=(assumed(value=70, low=35, high=420),))
    assert fit(scenario, guess, None) == (scenario, guess)
    sure = Calibration(estimates=(replace(guess.estimates[0], source=Source.MEASURED),))
    assert fit(scenario, sure, signs) == (scenario, sure)


def test_fitting_again_gives_the_same(signs: Signs) -> None:
    account = Calibration(estimates=(assumed(value=70, low=35, high=420),))
    assert fit(incident(70), account, signs, points=8) == fit(incident(70), account, signs, points=8)
