"""Tests of words/."""
