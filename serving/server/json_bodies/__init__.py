"""JSON to arrays and back, with TensorFlow Serving's leniency and words."""
