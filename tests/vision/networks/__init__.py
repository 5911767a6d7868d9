"""Tests of vision.networks: each mirrors one family; what all have in common is in tests/vision/test_classifiers.py."""
