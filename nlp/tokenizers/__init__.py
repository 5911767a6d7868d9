"""Lines to sentences of words, in Python and in the graph."""
