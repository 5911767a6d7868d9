"""Tests of vision: each mirrors one of its modules."""
