"""Answers about pictures: what `serving.predict` prints, draws and explains for a classifier."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving import draw
from serving.bundle import BundleError
from serving.client import NoAnswerError
from serving.predict import opened as predict_model
from serving.predict.opened import Answerer, Model


def answer_all(
    answerer: Answerer, inputs: Sequence[str], *, drawn: Path | None, explained: Path | None, as_json: bool
) -> list[bool]:
    """Print a line for each picture among the files and folders `inputs`, and return whether each could be answered.

    drawn, explained: folders for the pictures with their answers, and for the reasons. Raises FileNotFoundError for a path that is not
    there, and BundleError where the bundle cannot explain.
    """
    paths = list(_files([Path(each) for each in inputs]))
    if explained is not None:
        _check_explains(answerer.model, answerer.place)
    targets = zip(_targets(paths, drawn), _targets(paths, explained), strict=True)
    return [
        _answer(answerer, path, drawn=one, explained=other, as_json=as_json)
        for path, (one, other) in zip(paths, targets, strict=True)
    ]


def classify(loaded: Model, contents: bytes) -> list[tuple[str, float]]:
    """Labels and scores (0 to 1) of one picture file, best first. Raises ValueError when it cannot be decoded."""
    answer = _run(loaded, "serving_default", contents)
    return [
        (name.decode(), float(score)) for name, score in zip(answer["classes"][0], answer["scores"][0], strict=True)
    ]


def explanation(loaded: Model, contents: bytes) -> dict[str, Any]:
    """Why one picture file gets its answer: the outputs of the signature `explain`, without the batch dimension.

    `classes` and `scores` of the winner, `guided_backprop` float32 (h, w, 3) and, where the network has a feature map, `grad_cam`
    float32 (h, w), of the network's input size: they lie over the whole picture or, where model.json's `input.resize` is "crop",
    over what `draw.central` cuts from it. Raises ValueError when it cannot be decoded, or the bundle has no such signature.
    """
    return {name: value[0] for name, value in _run(loaded, "explain", contents).items()}


def _run(loaded: Model, signature: str, contents: bytes) -> Mapping[str, NDArray[Any]]:
    return predict_model.run(loaded, signature, {"image_bytes": np.array([contents], object)}, reason=_reason)


def _check_explains(loaded: Model, place: str | Path) -> None:
    if "explain" not in loaded.signatures:
        known = ", ".join(sorted(loaded.signatures))
        raise BundleError(
            f"--explain: the model at {place} has no signature `explain` (it has {known}), as bundles of earlier versions; "
            "train it again with this version"
        )


def _answer(answerer: Answerer, path: Path, *, drawn: Path | None, explained: Path | None, as_json: bool) -> bool:
    try:
        answers = classify(answerer.model, path.read_bytes())
        if drawn is not None:
            _write(drawn, draw.labelled(_pixels(path), [f"{name} {score:.3f}" for name, score in answers[:3]]))
        if explained is not None:
            _explain(answerer.model, path, explained, described=answerer.input_description)
    except NoAnswerError:  # the next picture would get none either
        raise
    except (ValueError, OSError) as error:
        print(f"error: {path}: {error}", file=sys.stderr)
        return False
    print(json.dumps(_record(path, answers), ensure_ascii=False) if as_json else _line(path, answers), flush=True)
    return True


def _line(path: Path, answers: Sequence[tuple[str, float]]) -> str:
    return f"{path}: " + ", ".join(f"{name} {score:.3f}" for name, score in answers)


def _record(path: Path, answers: Sequence[tuple[str, float]]) -> dict[str, Any]:
    return {"input": str(path), "classes": [name for name, _ in answers], "scores": [score for _, score in answers]}


def _explain(loaded: Model, path: Path, target: Path, *, described: Mapping[str, Any]) -> None:
    """Write what the network sees of the picture, its Grad-CAM and its guided backpropagation side by side."""
    answer, picture = explanation(loaded, path.read_bytes()), _pixels(path)
    if described.get("resize") == "crop":  # not said by bundles of earlier versions, which stretch
        picture = draw.central(picture, height=described["height"], width=described["width"])
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
    """The path of each drawn picture: under `folder` as it lies under the deepest folder that holds them all."""
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
        return "not a picture that can be read (JPEG, PNG, GIF, BMP, WebP)"
    return "the picture is truncated or corrupt"
