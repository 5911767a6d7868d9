"""The parts of `nlp.ngram`: counts, smoothings, pruning, queries, sampling, files, signatures and their proofs."""
