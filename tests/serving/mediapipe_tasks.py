"""MediaPipe Tasks' ImageClassifier, which phones run, in its own environment (`make phone-env`) and so in its own process."""

import json
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

PYTHON = Path(__file__).parents[2] / ".venv-phone" / "bin" / "python"
NEEDED = [
    pytest.mark.phone,
    pytest.mark.skipif(not PYTHON.exists(), reason="no MediaPipe environment; make it with `make phone-env`"),
]

# Reads questions (JSON) from standard input and prints the answers (JSON) to standard output.
SCRIPT = """
import json, sys
import mediapipe, numpy
from mediapipe.tasks.metadata import metadata_schema_py_generated as metadata
from mediapipe.tasks.metadata import schema_py_generated as schema
from mediapipe.tasks.python import BaseOptions, vision

def classify(file, images, options):
    options = vision.ImageClassifierOptions(base_options=BaseOptions(model_asset_path=file), **options)
    with vision.ImageClassifier.create_from_options(options) as classifier:
        return [categories(classifier, pixels) for pixels in numpy.load(images).values()]

def categories(classifier, pixels):
    image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=pixels)
    return [(c.index, c.category_name, c.score) for c in classifier.classify(image).classifications[0].categories]

def describe(file):
    model = schema.ModelT.InitFromPackedBuf(open(file, "rb").read(), 0)
    [entry] = [entry for entry in model.metadata if entry.name == b"TFLITE_METADATA"]
    packed = bytes(model.buffers[entry.buffer].data)
    assert metadata.ModelMetadata.ModelMetadataBufferHasIdentifier(packed, 0)
    root = metadata.ModelMetadataT.InitFromPackedBuf(packed, 0)
    [image], [scores] = root.subgraphMetadata[0].inputTensorMetadata, root.subgraphMetadata[0].outputTensorMetadata
    normal, properties = image.processUnits[0].options, image.content.contentProperties
    return {
        "version": root.version.decode(), "parser": root.minParserVersion.decode(),
        "mean": list(map(float, normal.mean)), "std": list(map(float, normal.std)),
        "minimum": float(image.stats.min[0]), "maximum": float(image.stats.max[0]),
        "unit": type(normal).__name__, "content": type(properties).__name__,
        "rgb": properties.colorSpace == metadata.ColorSpaceType.RGB,
        "size": [properties.defaultSize.width, properties.defaultSize.height],
        "output": type(scores.content.contentProperties).__name__,
        "labels": [scores.associatedFiles[0].name.decode(), scores.associatedFiles[0].type],
    }

def options():
    return sorted(vision.ImageClassifierOptions.__dataclass_fields__)

print(json.dumps([globals()[question.pop("ask")](**question) for question in json.load(sys.stdin)]))
"""


class Category(NamedTuple):
    """One line of an answer."""

    number: int
    name: str
    score: float


Answers = list[list[Category]]
"""The categories of each image, as MediaPipe orders them."""


def classify(files: Sequence[Path], images: Path, **options: Any) -> list[Answers]:
    """What each .tflite file says to each image in a .npz of uint8 (h, w, 3), under ImageClassifierOptions' own option names."""
    questions = [{"ask": "classify", "file": str(file), "images": str(images), "options": options} for file in files]
    return [[[Category(*line) for line in image] for image in answer] for answer in ask(questions)]


def ask(questions: Sequence[dict[str, Any]]) -> list[Any]:
    """The answers of one process that imports MediaPipe."""
    command = [str(PYTHON), "-c", SCRIPT]
    done = subprocess.run(
        command, input=json.dumps(questions), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    answers: list[Any] = json.loads(done.stdout)
    assert len(answers) == len(questions)
    return answers


def save(path: Path, images: Iterable[np.ndarray]) -> Path:
    """The images as one .npz, in this order."""
    np.savez(path, *images)
    return path
