"""The lab: a small control plane on this machine, in which the founding incident happens, is found and is repaired.

The same code runs on real sockets (wall time) and in memory (virtual time): everything that takes time awaits the
running event loop, and everything that travels is a ``wire.Request`` handed to a ``wire.Network``.
"""
