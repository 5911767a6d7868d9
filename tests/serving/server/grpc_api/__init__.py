"""Tests of grpc_api/."""
