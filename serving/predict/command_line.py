"""Answers from a bundle or from a server, on the command line.

    python -m serving.predict runs/classify-1 photo.jpg more-photos/ --draw answered --explain why
    python -m serving.predict runs/ngram-1 "the cat sat on" @sentences.txt
    python -m serving.predict runs/word2vec-1 king queen --analogy man king woman
    python -m serving.predict --url http://localhost:8501 --model photos photo.jpg more-photos/

BUNDLE is a run folder, its export/, or a version folder. For a classifier an INPUT is a picture or a folder of pictures; for an n-gram
model or word vectors it is a text or a word, @FILE for those in the lines of a file, - for those in the lines of standard input. With
--url a server answers instead of a bundle, this one or stock TensorFlow Serving. An input that cannot be answered is named on
standard error, the others are answered, and the exit code is 1.
"""

import argparse
import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from serving.client import NoAnswerError
from serving.predict import ngram, pictures, texts, word2vec
from serving.predict import opened as predict_model
from serving.predict.opened import Answerer, Model
from serving.predict.texts import Shown
from serving.tasks import TASKS

TOKEN_VARIABLE = "SERVING_TOKEN"  # noqa: S105  the name of a variable


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, print one line for each input, and return the exit code."""
    options = _options(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A file name may hold what the terminal cannot show.
            stream.reconfigure(errors="backslashreplace")
    try:
        with _opened(options) as answerer:
            answered = list(_answers(answerer, options))
    except (ValueError, FileNotFoundError, NoAnswerError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return 130
    return 0 if all(answered) else 1


def _opened(options: argparse.Namespace) -> AbstractContextManager[Answerer]:
    if options.url is None:
        return predict_model.in_bundle(options.bundle)
    return predict_model.on_server(
        options.url,
        model=options.model,
        version=options.version,
        label=options.label,
        token=options.token,
        described=options.explain is not None,
    )


def _answers(answerer: Answerer, options: argparse.Namespace) -> Iterator[bool]:
    """Whether each input could be answered."""
    asked_with = TASKS[answerer.task].asked_with
    for name, (suits, users) in ASKED_WITH.items():
        if getattr(options, name) and suits != asked_with:
            raise ValueError(f"--{name}: the model at {answerer.place} answers {asked_with}; --{name} is for {users}")
    yield from ANSWERS[answerer.task](answerer, options)


def _pictures(answerer: Answerer, options: argparse.Namespace) -> Iterator[bool]:
    drawn, explained = options.draw, options.explain
    yield from pictures.answer_all(answerer, options.inputs, drawn=drawn, explained=explained, as_json=options.json)


def _texts(answerer: Answerer, options: argparse.Namespace, *, shown: Callable[[Model, str], Shown]) -> Iterator[bool]:
    if options.analogy:
        yield from word2vec.print_analogies(answerer, options.analogy, as_json=options.json)
    yield from texts.print_answers(answerer, options.inputs, answer=shown, as_json=options.json)


ANSWERS: Mapping[str, Callable[[Answerer, argparse.Namespace], Iterator[bool]]] = {
    "classify": _pictures,
    "ngram": partial(_texts, shown=ngram.shown),
    "word2vec": partial(_texts, shown=word2vec.shown),
}
"""By task."""
ASKED_WITH = {
    "draw": ("pictures", "pictures"),
    "explain": ("pictures", "pictures"),
    "analogy": ("texts", "word vectors"),
}
"""Flags that do not suit every task: what it must be asked with, and whom the flag is for."""


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line; the first of the inputs is the bundle, unless a server answers."""
    parser = _parser()
    options = parser.parse_intermixed_args(arguments)
    missing = ["BUNDLE"] if options.url is None and not options.inputs else []
    if len(options.inputs) < (options.url is None) + (not options.analogy):
        missing.append("INPUT (a picture, a folder of pictures, or a text)")
    if missing:
        parser.error(f"the following arguments are required: {', '.join(missing)}")
    if options.url is None:
        given = [name for name in ("model", "version", "label", "token") if getattr(options, name)]
        if given:
            parser.error(f"--{given[0]} needs --url, the address of a server")
        options.bundle = Path(options.inputs.pop(0))
    options.token = options.token or os.environ.get(TOKEN_VARIABLE, "")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m serving.predict",
        usage="%(prog)s BUNDLE INPUT... [options]\n       %(prog)s --url URL --model NAME INPUT... [options]",
        description=__doc__.split("\n")[0] if __doc__ else None,
    )
    parser.add_argument(
        "inputs",
        nargs="*",
        metavar="BUNDLE INPUT",
        help="run folder, export folder or version folder (not with --url), then pictures or folders of pictures, or texts: "
        "literal ones, @FILE for the lines of a file, - for the lines of standard input",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    parser.add_argument(
        "--draw", type=Path, metavar="FOLDER", help="also write the pictures with their answers there, as PNG"
    )
    parser.add_argument(
        "--explain",
        type=Path,
        metavar="FOLDER",
        help="also write there why: the picture, its Grad-CAM and its guided backpropagation side by side, as PNG",
    )
    parser.add_argument(
        "--analogy",
        nargs=3,
        action="append",
        default=[],
        metavar=("A", "B", "C"),
        help="for word vectors: the words that are to C as B is to A; may be given again",
    )
    server = parser.add_argument_group("a server instead of a bundle")
    server.add_argument("--url", help="its REST address, such as http://localhost:8501")
    server.add_argument(
        "--model", default="", metavar="NAME", help="may be left out where the server has one and lists it"
    )
    server.add_argument("--version", type=int, metavar="N", help="one version of the model, instead of the newest")
    server.add_argument("--label", default="", help="the version that the server's configuration gives this name")
    server.add_argument(
        "--token",
        default="",
        help=f"for servers that ask for one; in the environment {TOKEN_VARIABLE} it is not seen by others",
    )
    return parser
