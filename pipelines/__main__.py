"""`python -m pipelines` lists the stories; `python -m pipelines classify …` runs one, importing only that one."""

import difflib
import sys
from collections.abc import Callable


def _classify() -> None:
    """Name what an image shows."""
    from pipelines import classify, command

    command.main("classify", classify.Config, classify.run, classify.__doc__)


def _ngram() -> None:
    """Learn which words follow which: an n-gram model of text."""
    from pipelines import command, ngram

    command.main("ngram", ngram.Config, ngram.run, ngram.__doc__)


def _word2vec() -> None:
    """Learn a vector for every word of text."""
    from pipelines import command, word2vec

    command.main("word2vec", word2vec.Config, word2vec.run, word2vec.__doc__)


STORIES: dict[str, Callable[[], None]] = {"classify": _classify, "ngram": _ngram, "word2vec": _word2vec}
"""Every story by its name."""


def main(arguments: list[str]) -> None:
    """Run the story that the first argument names, or list them all."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(
            "usage: python -m pipelines STORY [--help]\n\n"
            + "\n".join(f"  {name:<12}{story.__doc__}" for name, story in STORIES.items())
        )
        return
    story = arguments[0]
    if story not in STORIES:
        nearest = difflib.get_close_matches(story, STORIES, n=1)
        hint = f"; did you mean {nearest[0]}?" if nearest else ""
        print(f"error: unknown story {story!r}; expected one of {', '.join(STORIES)}{hint}", file=sys.stderr)
        sys.exit(2)
    del sys.argv[1]
    STORIES[story]()


if __name__ == "__main__":
    main(sys.argv[1:])
