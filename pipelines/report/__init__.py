"""report.html: the page and its style, its sections, plots, and advice in plain words."""
