"""TensorFlow Serving's dynamic batching: scheduler, queues, padding, parameters."""
