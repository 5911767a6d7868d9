"""Tests of json_bodies/."""
