"""The ground floor: what a request, an observation and a finding *are*.

Frozen data only. No clock, no input or output, no randomness.
"""
