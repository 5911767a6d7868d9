"""Tests of the room nlp."""
