"""Tests of process/."""
