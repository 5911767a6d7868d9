"""Tests of pipelines: each mirrors one of its modules."""
