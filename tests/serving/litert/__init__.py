"""Tests of litert/."""
