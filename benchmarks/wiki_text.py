"""The Wikipedia text of PIPELINES_DATA, cut into sentences of lower-case words as the claims about text say."""

import lzma
import re
from pathlib import Path

from benchmarks import pipeline_runs, record

WORDS = {"wiki.en.txt.xz": 13_375_596, "wiki.valid.en.txt.xz": 0}
"""Words that must come out; 0 where nothing was said."""


def sentences(name: str) -> Path:
    """A file with one sentence a line: lines lower-cased, split after [.!?] and a space, words by [a-z]+, more than 2 words.

    It is made once. Exits with a message where PIPELINES_DATA has no such text.
    """
    made = record.WORK / "wiki" / name.replace(".xz", "")
    if not made.exists():
        made.parent.mkdir(parents=True, exist_ok=True)
        temporary = made.with_suffix(".tmp")
        found = _write(pipeline_runs.data(f"wiki/{name}"), temporary)
        if WORDS[name] and found != WORDS[name]:
            raise SystemExit(f"{name} has {found:,} words; expected {WORDS[name]:,}")
        temporary.replace(made)
    return made


def _write(text: Path, path: Path) -> int:
    total = 0
    with lzma.open(text, "rt", encoding="utf-8") as lines, path.open("w", encoding="utf-8") as file:
        for line in lines:
            for sentence in re.split(r"(?<=[.!?]) ", line.lower()):
                words = re.findall("[a-z]+", sentence)
                if len(words) > 2:
                    file.write(" ".join(words) + "\n")
                    total += len(words)
    return total
