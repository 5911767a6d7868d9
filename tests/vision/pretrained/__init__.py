"""Tests of pretrained/."""
