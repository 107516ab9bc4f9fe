"""From a scenario to a running lab: who takes part, what happens when, and what is written down of it."""
