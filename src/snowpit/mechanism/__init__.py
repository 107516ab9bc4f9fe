"""Every mechanism once, as pure functions: state in, time in, state out.

No clock, no randomness (a jitter is an argument, a number in [0, 1)), no
storage of their own: arrays are handed in by whoever drives them and are only
indexed. The simulator compiles these very functions from outside, so state is
a named tuple of numbers, and nothing here raises, formats or allocates; only
the closed forms (``queueing`` and its siblings) check their arguments.

All times are float seconds since the start of the window. "No limit" is a rate
of zero or less, as in client-go, where QPS -1 turns a limiter off.
"""
