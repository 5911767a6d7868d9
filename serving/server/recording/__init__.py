"""Which requests are written down, and the files of it."""
