"""The parts of `nlp.ngram`: counts, smoothings, pruning, queries, sampling, files and the served graph."""
