"""What the text pipelines share: --check, the folder for temporary files, what was left out of the text."""
