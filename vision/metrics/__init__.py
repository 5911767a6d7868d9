"""Scores, one module per task."""
