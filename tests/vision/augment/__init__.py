"""Tests of vision.augment."""
