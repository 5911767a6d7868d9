"""Fixtures of the end-to-end tests."""

from tests.e2e.pipeline_runs import digits_run, pipeline, tiny

__all__ = ["digits_run", "pipeline", "tiny"]
