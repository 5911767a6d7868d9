"""Fixtures of the end-to-end tests."""

from tests.e2e.story import ngram_story, story, word2vec_story

__all__ = ["ngram_story", "story", "word2vec_story"]
