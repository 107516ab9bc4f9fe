"""What carries requests: calls in memory on virtual time, sockets with TLS on wall time."""
