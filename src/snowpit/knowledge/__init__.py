"""What Kubernetes says of itself, by version: facts, remedies, well-known clients. Computes nothing."""
