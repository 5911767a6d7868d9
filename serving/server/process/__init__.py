"""The process: flags, settings, the service and its end, and how a version is loaded and warmed up."""
