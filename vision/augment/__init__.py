"""Random changes to training images: which (`options`, standard library only), and the changes, in the graph (`batch`)."""
