"""Tests of saved_model/."""
