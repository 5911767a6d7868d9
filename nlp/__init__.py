"""Language: corpora, tokenisers, models and decoding. The room stands empty until its first story moves in."""
