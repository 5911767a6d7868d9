"""Small image networks, one module per family: rescaled pixels (batch, height, width, 3) in, features (batch, n) out."""
