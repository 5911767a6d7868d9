"""Flags, settings, the service and its end; how a version is loaded and warmed up."""
