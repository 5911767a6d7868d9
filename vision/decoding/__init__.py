"""Bytes to pixels: the one graph of training and export, with headers read first."""
