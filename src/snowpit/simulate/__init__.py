"""Simulates a control plane, or a published model, from a scenario and a seed."""
