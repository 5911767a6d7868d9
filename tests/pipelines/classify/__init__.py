"""Tests of classify/."""
