"""JSON to arrays and back, with the leniency and the error messages of TensorFlow Serving."""
