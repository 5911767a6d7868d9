"""What --check finds in images: copies, suspected labels, blank images, leaks between the parts."""
