"""What events come wrapped in: one module per kind of wrapper."""
