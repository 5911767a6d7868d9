"""Answers from a bundle, on the command line.

    python -m serving.predict runs/classify-1 photo.jpg more-photos/ --draw answered

BUNDLE is a run folder, its export/, or a version folder; an INPUT is a picture or a folder of pictures. An input that cannot be
answered is named on standard error, the others are answered, and the exit code is 1.
"""

import argparse
import io
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from serving import bundle, draw, native_log, saved_model


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, print one line for each input, and return the exit code."""
    options = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A file name may hold what the terminal cannot show.
            stream.reconfigure(errors="backslashreplace")
    try:
        native_log.load_tensorflow()
        loaded, inputs = _load(options.bundle), list(_files(options.inputs))
        with loaded:
            targets = _targets(inputs, options.draw)
            answered = [
                _answer(loaded, path, drawn=target, as_json=options.json)
                for path, target in zip(inputs, targets, strict=True)
            ]
    except (ValueError, FileNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return 130
    return 0 if all(answered) else 1


def classify(loaded: saved_model.LoadedModel, contents: bytes) -> list[tuple[str, float]]:
    """Labels and scores (0 to 1) of one picture file, best first. Raises ValueError when it cannot be decoded."""
    from tensorflow.errors import InvalidArgumentError

    try:
        answer = loaded.run("serving_default", {"image_bytes": np.array([contents], object)})
    except InvalidArgumentError as error:
        raise ValueError(_reason(error.message)) from error
    return [
        (name.decode(), float(score)) for name, score in zip(answer["classes"][0], answer["scores"][0], strict=True)
    ]


def _load(path: Path) -> saved_model.LoadedModel:
    """The newest bundle at `path`. Raises ValueError or FileNotFoundError."""
    folder = bundle.find(path)
    task = bundle.read_description(folder)["task"]
    if task != "classify":
        raise bundle.BundleError(f"{folder} is for the task {task!r}; this version answers classify")
    return saved_model.load(folder)


def _answer(loaded: saved_model.LoadedModel, path: Path, *, drawn: Path | None, as_json: bool) -> bool:
    try:
        answers = classify(loaded, path.read_bytes())
        if drawn is not None:
            _draw(path, answers, drawn)
    except (ValueError, OSError) as error:
        print(f"error: {path}: {error}", file=sys.stderr)
        return False
    print(json.dumps(_record(path, answers), ensure_ascii=False) if as_json else _line(path, answers), flush=True)
    return True


def _line(path: Path, answers: Sequence[tuple[str, float]]) -> str:
    return f"{path}: " + ", ".join(f"{name} {score:.3f}" for name, score in answers)


def _record(path: Path, answers: Sequence[tuple[str, float]]) -> dict[str, Any]:
    return {"input": str(path), "classes": [name for name, _ in answers], "scores": [score for _, score in answers]}


def _draw(path: Path, answers: Sequence[tuple[str, float]], target: Path) -> None:
    """Write the picture with its answers as a PNG file."""
    import cv2

    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError("OpenCV cannot draw on this kind of picture; it was not drawn")
    lines = [f"{name} {score:.3f}" for name, score in answers[:3]]
    labelled = draw.labelled(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), lines)
    target.parent.mkdir(parents=True, exist_ok=True)
    _, png = cv2.imencode(".png", cv2.cvtColor(labelled, cv2.COLOR_RGB2BGR))
    target.write_bytes(png.tobytes())


def _targets(inputs: Sequence[Path], folder: Path | None) -> list[Path | None]:
    """Where each drawn picture goes: under `folder` as it lies under the deepest folder that holds them all."""
    if folder is None:
        return [None] * len(inputs)
    parents = [path.parent.resolve() for path in inputs]
    common = os.path.commonpath(parents)
    return [
        folder / parent.relative_to(common) / f"{path.name}.png" for path, parent in zip(inputs, parents, strict=True)
    ]


def _files(inputs: Sequence[Path]) -> Iterator[Path]:
    for path in inputs:
        if path.is_dir():
            files = sorted(child for child in path.rglob("*") if child.is_file() and not child.name.startswith("."))
            if not files:
                raise FileNotFoundError(f"{path}: holds no files; expected a picture or a folder of pictures")
            yield from files
        elif path.exists():
            yield path
        else:
            raise FileNotFoundError(f"{path}: no such file or folder; expected a picture or a folder of pictures")


def _reason(message: str) -> str:
    if "megapixels" in message:
        return "the picture is larger than 64 megapixels"
    if "no image of a known format" in message:
        return "no picture that can be read (JPEG, PNG, GIF, BMP, WebP)"
    return "the picture is truncated or corrupt"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m serving.predict", description=__doc__.split("\n")[0] if __doc__ else None
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="run folder, export folder or version folder")
    parser.add_argument("inputs", type=Path, nargs="+", metavar="INPUT", help="picture, or folder of pictures")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.add_argument(
        "--draw", type=Path, metavar="FOLDER", help="also write the pictures with their answers there, as PNG"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
