"""The smoothings of n-gram models, one module each."""
