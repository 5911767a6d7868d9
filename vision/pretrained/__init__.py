"""Backbones of keras.applications, their weights, and files of weights."""
