"""Answers from a bundle, on the command line.

    python -m serving.predict runs/classify-1 photo.jpg more-photos/ --draw answered --explain why

BUNDLE is a run folder, its export/, or a version folder; an INPUT is a picture or a folder of pictures. An input that cannot be
answered is named on standard error, the others are answered, and the exit code is 1.
"""

import argparse
import io
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
        (loaded, taken), inputs = _load(options.bundle), list(_files(options.inputs))
        with loaded:
            if options.explain is not None:
                _check_explains(loaded, options.bundle)
            targets = zip(_targets(inputs, options.draw), _targets(inputs, options.explain), strict=True)
            answered = [
                _answer(loaded, path, taken=taken, drawn=drawn, explained=explained, as_json=options.json)
                for path, (drawn, explained) in zip(inputs, targets, strict=True)
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
    answer = _run(loaded, "serving_default", contents)
    return [
        (name.decode(), float(score)) for name, score in zip(answer["classes"][0], answer["scores"][0], strict=True)
    ]


def explanation(loaded: saved_model.LoadedModel, contents: bytes) -> dict[str, Any]:
    """Why one picture file gets its answer: the outputs of the signature `explain`, without the batch dimension.

    `classes` and `scores` of the winner, `guided_backprop` float32 (h, w, 3) and, where the network has a feature map, `grad_cam`
    float32 (h, w), of the network's input size: they lie over the whole picture or, where model.json's `input.resize` is "crop",
    over what `draw.central` cuts from it. Raises ValueError when it cannot be decoded, or the bundle has no such signature.
    """
    return {name: value[0] for name, value in _run(loaded, "explain", contents).items()}


def _run(loaded: saved_model.LoadedModel, signature: str, contents: bytes) -> dict[str, np.ndarray]:
    from tensorflow.errors import InvalidArgumentError

    try:
        return loaded.run(signature, {"image_bytes": np.array([contents], object)})
    except InvalidArgumentError as error:
        raise ValueError(_reason(error.message)) from error


def _check_explains(loaded: saved_model.LoadedModel, path: Path) -> None:
    if "explain" not in loaded.signatures:
        known = ", ".join(sorted(loaded.signatures))
        raise bundle.BundleError(
            f"--explain: the bundle of {path} has no signature `explain` (it has {known}), as bundles of earlier versions; "
            "train it again with this version"
        )


def _load(path: Path) -> tuple[saved_model.LoadedModel, dict[str, Any]]:
    """The newest bundle at `path`, and what its model.json says of `input`. Raises ValueError or FileNotFoundError."""
    folder = bundle.find(path)
    description = bundle.read_description(folder)
    if description["task"] != "classify":
        raise bundle.BundleError(f"{folder} is for the task {description['task']!r}; this version answers classify")
    return saved_model.load(folder), description["input"]


def _answer(
    loaded: saved_model.LoadedModel,
    path: Path,
    *,
    taken: Mapping[str, Any],
    drawn: Path | None,
    explained: Path | None,
    as_json: bool,
) -> bool:
    try:
        answers = classify(loaded, path.read_bytes())
        if drawn is not None:
            _write(drawn, draw.labelled(_pixels(path), [f"{name} {score:.3f}" for name, score in answers[:3]]))
        if explained is not None:
            _explain(loaded, path, explained, taken=taken)
    except (ValueError, OSError) as error:
        print(f"error: {path}: {error}", file=sys.stderr)
        return False
    print(json.dumps(_record(path, answers), ensure_ascii=False) if as_json else _line(path, answers), flush=True)
    return True


def _line(path: Path, answers: Sequence[tuple[str, float]]) -> str:
    return f"{path}: " + ", ".join(f"{name} {score:.3f}" for name, score in answers)


def _record(path: Path, answers: Sequence[tuple[str, float]]) -> dict[str, Any]:
    return {"input": str(path), "classes": [name for name, _ in answers], "scores": [score for _, score in answers]}


def _explain(loaded: saved_model.LoadedModel, path: Path, target: Path, *, taken: Mapping[str, Any]) -> None:
    """Write what the network sees of the picture, its Grad-CAM and its guided backpropagation side by side."""
    answer, picture = explanation(loaded, path.read_bytes()), _pixels(path)
    if taken.get("resize") == "crop":  # not said by bundles of earlier versions, which stretch
        picture = draw.central(picture, height=taken["height"], width=taken["width"])
    lines = [f"{answer['classes'].decode()} {answer['scores']:.3f}"]
    maps = {name: answer[name] for name in ("grad_cam", "guided_backprop") if name in answer}
    _write(target, draw.explained(picture, lines, **maps))


def _pixels(path: Path) -> NDArray[np.uint8]:
    import cv2

    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError("OpenCV cannot draw on this kind of picture; it was not drawn")
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def _write(target: Path, picture: NDArray[np.uint8]) -> None:
    """Write a PNG file."""
    import cv2

    target.parent.mkdir(parents=True, exist_ok=True)
    _, png = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
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
    parser.add_argument(
        "--explain",
        type=Path,
        metavar="FOLDER",
        help="also write there why: the picture, its Grad-CAM and its guided backpropagation side by side, as PNG",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
