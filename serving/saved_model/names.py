"""Names and numbers of TensorFlow that are needed where it is not imported."""

INIT_SIGNATURE = "__saved_model_init_op"
"""Pseudo-signature that holds the initialisation op; it cannot be called."""
INVALID_ARGUMENT = 3
"""The code of TensorFlow's error for an input that the graph refuses."""
