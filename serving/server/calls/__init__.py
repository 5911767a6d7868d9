"""A call without HTTP or gRPC: predict, classify, regress, and the checks that both APIs make."""
