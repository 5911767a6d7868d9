"""A server with the API of TensorFlow Serving."""
