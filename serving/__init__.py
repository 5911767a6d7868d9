"""Answers: the bundle, its form for phones, and the server that speaks TensorFlow Serving's API."""
