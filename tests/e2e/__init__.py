"""End-to-end tests of whole pipelines."""
