"""Small image networks, one file a family: rescaled pixels (batch, height, width, 3) in, features (batch, n) out."""
