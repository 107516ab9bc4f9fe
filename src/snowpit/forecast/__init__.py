"""From evidence to a decision: does the overload feed itself, how near is the edge, and which change ends it."""
