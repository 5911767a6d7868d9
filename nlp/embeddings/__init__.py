"""The parts of `nlp.word2vec`: the two engines, phrases, evaluation, files, signatures and their proofs."""
