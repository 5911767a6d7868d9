"""Claims: an n-gram model of 13.4 million words in the time that lmplz takes, in bounded memory; a million tokens scored a second."""

import json
import subprocess
import sys
from typing import Any

from benchmarks import pipeline_runs, record, wiki_text
from benchmarks.record import Claim

LMPLZ_SECONDS = {3: 9.4, 5: 21.1}
"""KenLM's lmplz on this text, on two cores of another such machine; no package index has it, so it is not run here."""
SHARE, GIB, TOKENS = 1.5, 4.0, 1_000_000
ORDERS, RUNS = (3, 5), 3
BUILD = """
import json, resource, sys, time
began = time.perf_counter()
from pathlib import Path
from nlp import corpora, ngram, vocabulary
from nlp.tokenizers import Tokenizer
train, held_out, order = sys.argv[1], sys.argv[2], int(sys.argv[3])
cut = Tokenizer("space")
imported = time.perf_counter()
ids, words = vocabulary.encode(cut.normalise(corpora.read(train).train))
read = time.perf_counter()
model = ngram.estimate(ids, words, order=order)
built = time.perf_counter()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
test = words.encode(cut.normalise(corpora.read(held_out).train))
found = ngram.perplexity(ngram.score(model, test))
rates = []
for text in (test, ids):
    times = []
    for _ in range(3):
        start = time.perf_counter()
        tokens = len(ngram.score(model, text).log10)
        times.append(time.perf_counter() - start)
    rates.append(tokens / min(times))
print(json.dumps({
    "seconds": built - began, "import_seconds": imported - began, "read_seconds": read - imported, "estimate_seconds": built - read,
    "peak_gib": peak / 2**20, "ngrams": [len(level.keys) for level in model.levels],
    "held_out_tokens_per_second": rates[0], "training_tokens_per_second": rates[1],
    "held_out": {"perplexity": found.including, "without_oov": found.excluding, "tokens": found.tokens, "oov": found.oov},
}))
"""


def main() -> None:
    """Build each model in its own process, time the whole command on the built-in text, and write the result."""
    train, held_out = (str(wiki_text.sentences(name)) for name in ("wiki.en.txt.xz", "wiki.valid.en.txt.xz"))
    built = {order: [_build(train, held_out, order) for _ in range(RUNS)] for order in ORDERS}
    default = pipeline_runs.measured("ngram-default", [], pipeline="ngram")
    record.write(
        "ngram",
        command="make bench ngram",
        data="wiki/wiki.en.txt.xz, 13,375,596 words in 623,383 sentences (order 3 and 5); built-in lee (the command)",
        claims=[
            *(claim for order in ORDERS for claim in _claims(order, built[order])),
            Claim(
                what="whole command on the built-in text",
                measured=default["seconds"],
                target=60,
                at_least=False,
                unit="s",
            ),
        ],
        details={
            "lmplz_seconds": LMPLZ_SECONDS,
            "runs": {str(order): runs for order, runs in built.items()},
            "default": default,
        },
    )
    pipeline_runs.forget(["ngram-default"])


def _claims(order: int, found: list[dict[str, Any]]) -> list[Claim]:
    """Of the slowest and largest run."""
    seconds = max(run["seconds"] for run in found)
    return [
        Claim(
            what=f"order {order}: text file to model, slowest of {RUNS}, as a share of lmplz's {LMPLZ_SECONDS[order]} s",
            measured=seconds / LMPLZ_SECONDS[order],
            target=SHARE,
            at_least=False,
        ),
        Claim(
            what=f"order {order}: peak memory",
            measured=max(run["peak_gib"] for run in found),
            target=GIB,
            at_least=False,
            unit="GiB",
        ),
        Claim(
            what=f"order {order}: scoring, slowest of {RUNS}",
            measured=min(min(run["held_out_tokens_per_second"], run["training_tokens_per_second"]) for run in found),
            target=TOKENS,
            at_least=True,
            unit="tokens/s",
        ),
    ]


def _build(train: str, held_out: str, order: int) -> dict[str, Any]:
    command = [sys.executable, "-c", BUILD, train, held_out, str(order)]
    said = subprocess.run(command, cwd=record.ROOT, check=True, capture_output=True, text=True).stdout
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    print(f"order {order}: {found['seconds']:.1f} s, {found['peak_gib']:.2f} GiB", flush=True)
    return found
