"""Tests of tokenizers/."""
