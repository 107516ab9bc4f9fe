"""Several seeds of one scenario, as the renderers are given them."""

from collections import Counter
from dataclasses import dataclass

from snowpit.cluster.scenario import Scenario
from snowpit.model.sample import Marker, Run
from snowpit.observe.outcome import Outcome, Verdict, happened

WELL, UNWELL = 0, 1
MEANINGS = {
    WELL: "every seed is healthy or recovered",
    UNWELL: "at least one seed is stuck or overloaded",
}
"""What the exit codes of ``snowpit simulate`` say."""

_FROM_THE_WORST = (Verdict.OVERLOADED, Verdict.STUCK, Verdict.RECOVERED, Verdict.HEALTHY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """Replications with their outcomes.

    Args:
        scenario: What was simulated.
        runs: One run per seed, in order of seeds.
        outcomes: How each ended, in the same order.
        warning: What speaks against believing the verdict (a short horizon); empty if nothing does.
    """

    scenario: Scenario
    runs: tuple[Run, ...]
    outcomes: tuple[Outcome, ...]
    warning: str = ""

    @property
    def exit_code(self) -> int:
        """0 if every seed is healthy or recovered (or has no course in time), 1 otherwise."""
        bad = (Verdict.STUCK, Verdict.OVERLOADED)
        return UNWELL if any(item.verdict in bad for item in self.outcomes) else WELL

    @property
    def leading(self) -> Verdict | None:
        """The most frequent verdict; of equally frequent ones the worst. Null if the model has no course in time."""
        counted = Counter(item.verdict for item in self.outcomes if item.verdict is not None)
        if not counted:
            return None
        return max(_FROM_THE_WORST, key=lambda verdict: counted[verdict])

    @property
    def markers(self) -> tuple[Marker, ...]:
        """What happened, as the longest run saw it."""
        return happened(max(self.runs, key=lambda run: run.ended_s)) if self.runs else ()
