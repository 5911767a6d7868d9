"""Tests of smoothings/."""
