"""The event loop: plain Python over record arrays, compiled from outside by ``compiled``.

Theory of operation. Whatever changes with time lies in record arrays, bundled in one
named tuple, the *world* (``layout``). The *agenda* (``agenda``) holds what is going to
happen: a small binary heap, and one ring for each delay that is constant, because there the
order of entry is the order of expiry. ``loop.advance`` takes the earliest entry, ties in
order of entry, and hands it to the function of its kind. Clients (``calls``, ``kubelets``)
and servers (``serving``, ``authentication``, ``fair_queues``) know each other only by the
attempts they exchange. Chance is a pure function of (seed, entity, purpose, number)
(``chance``), so that changing a policy leaves all other draws as they were.

Nothing in this folder imports the compiler; run as it is, it gives the same trace, slowly.
"""
