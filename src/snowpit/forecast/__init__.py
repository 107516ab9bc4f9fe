"""From a scenario to a decision: does the overload feed itself, how near is the edge, and what ends it."""
