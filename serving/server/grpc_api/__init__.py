"""gRPC: PredictionService, ModelService, health, port and TLS."""
