"""Text as streamed lines, from plain or compressed files."""
