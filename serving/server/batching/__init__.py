"""TensorFlow Serving's dynamic batching: models, scheduler, queues, padding, parameters."""
