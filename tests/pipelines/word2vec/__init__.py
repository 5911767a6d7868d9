"""Tests of word2vec/."""
