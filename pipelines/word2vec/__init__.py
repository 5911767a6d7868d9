"""Learn a vector for every word from text, so that words of like use lie near each other: word2vec, measured and served.

    python -m pipelines.word2vec --data corpus.txt --out runs/vectors

`corpus.txt` is plain text (.gz, .xz and .bz2 too), a folder of such files, or the built-in `lee` (news). `runs/vectors/` receives
export/1 (for serving), mobile/ (for phones), vectors.bin (word2vec's format) and vectors.kv (gensim's), scores.json and report.html.
"""

from pipelines.word2vec.config import Config
from pipelines.word2vec.run import run

__all__ = ["Config", "run"]
