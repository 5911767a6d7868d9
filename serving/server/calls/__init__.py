"""Calls without HTTP or gRPC: predict, classify, regress, and the checks of both APIs."""
