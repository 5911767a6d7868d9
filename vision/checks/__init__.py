"""Checks of labelled images: copies, suspected labels, blank images, leaks between the parts."""
