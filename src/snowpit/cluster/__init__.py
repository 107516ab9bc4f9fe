"""The system under study: parameters of every mechanism, each with the source of its value."""
