"""Tests of batching/."""
