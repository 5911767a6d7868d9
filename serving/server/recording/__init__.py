"""Records of requests: which ones are written, and their files."""
