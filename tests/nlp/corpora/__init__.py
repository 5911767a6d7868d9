"""Tests of corpora/."""
