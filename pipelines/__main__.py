"""`python -m pipelines` lists the pipelines; `python -m pipelines classify …` runs one, importing only that one."""

import difflib
import sys
from collections.abc import Callable
from types import ModuleType


def _classify() -> ModuleType:
    """Name what an image shows."""
    from pipelines import classify

    return classify


def _ngram() -> ModuleType:
    """Learn which words follow which: an n-gram model of text."""
    from pipelines import ngram

    return ngram


def _word2vec() -> ModuleType:
    """Learn a vector for every word of text."""
    from pipelines import word2vec

    return word2vec


PIPELINES: dict[str, Callable[[], ModuleType]] = {"classify": _classify, "ngram": _ngram, "word2vec": _word2vec}
"""Every pipeline by its name: a function that imports it, and whose docstring says what it is for."""


def main(arguments: list[str]) -> None:
    """Run the pipeline that the first argument names, or list them all."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(
            "usage: python -m pipelines PIPELINE [--help]\n\n"
            + "\n".join(f"  {name:<12}{pipeline.__doc__}" for name, pipeline in PIPELINES.items())
        )
        return
    name = arguments[0]
    if name not in PIPELINES:
        nearest = difflib.get_close_matches(name, PIPELINES, n=1)
        hint = f"; did you mean {nearest[0]}?" if nearest else ""
        print(f"error: unknown pipeline {name!r}; expected one of {', '.join(PIPELINES)}{hint}", file=sys.stderr)
        sys.exit(2)
    from pipelines import command

    del sys.argv[1]
    command.main(PIPELINES[name]())


if __name__ == "__main__":
    main(sys.argv[1:])
