"""Tests of decoding/."""
