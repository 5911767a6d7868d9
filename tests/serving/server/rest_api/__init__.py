"""Tests of rest_api/."""
