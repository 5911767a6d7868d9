"""Language: corpora, tokenisers, n-gram models and word vectors."""
