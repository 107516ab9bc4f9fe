"""Published figures against predictions: closed forms, facts and short simulations."""

from snowpit.forecast.cases.judge import Comparison, Judged, Judgement, compare

__all__ = ["Comparison", "Judged", "Judgement", "compare"]
