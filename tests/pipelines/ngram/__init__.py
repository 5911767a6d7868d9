"""Tests of ngram/."""
