"""Tests of vision.datasets."""
