"""Tests of bundle/."""
