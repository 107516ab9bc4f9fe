"""Explorations as text, JSON, figures and a self-contained page."""
