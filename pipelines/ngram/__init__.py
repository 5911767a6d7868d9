"""Learn which words follow which from text: an n-gram model, scored on held-out text and served.

    python -m pipelines.ngram --data corpus.txt --order 3 --out runs/trigrams

`corpus.txt` is plain text (.gz, .xz and .bz2 too), a folder of such files, a folder with train, valid and test files, or the built-in
`lee` (news). `runs/trigrams/` receives export/1 (for serving), model.arpa and model.npz, scores.json and report.html.

The default is modified Kneser-Ney as KenLM's lmplz estimates it. Text with one tokenised sentence per line, as lmplz reads it,
and a model that lmplz made:

    python -m pipelines.ngram --data train.txt --test test.txt --tokenizer space
    python -m pipelines.ngram --data test.txt --model lm.arpa --tokenizer space
"""

from pipelines.ngram.config import Config
from pipelines.ngram.run import run

__all__ = ["Config", "run"]
