"""The parts of `nlp.word2vec`: the two engines, phrases, evaluation, files and the served graph."""
