"""The .tflite files in MediaPipe Tasks, which phones run: it opens each and answers as LiteRT does, with label names.

MediaPipe stands in its own environment (`make phone-env`), so it answers from a process of its own.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serving import litert
from tests.serving import colours

PYTHON = Path(__file__).parents[2] / ".venv-phone" / "bin" / "python"
pytestmark = [
    pytest.mark.phone,
    pytest.mark.skipif(not PYTHON.exists(), reason="no MediaPipe environment; make it with `make phone-env`"),
]

# Arguments: a .npy of uint8 (n, h, w, 3), then .tflite files. Prints, by file name, the categories of each image and
# what MediaPipe's own generated schema reads from the metadata.
SCRIPT = """
import json, sys
import mediapipe, numpy
from mediapipe.tasks.metadata import metadata_schema_py_generated as metadata
from mediapipe.tasks.metadata import schema_py_generated as schema
from mediapipe.tasks.python import BaseOptions, vision

def categories(classifier, pixels):
    image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=pixels)
    return [(c.index, c.category_name, c.score) for c in classifier.classify(image).classifications[0].categories]

def described(path):
    model = schema.ModelT.InitFromPackedBuf(open(path, "rb").read(), 0)
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

answers = {}
for path in sys.argv[2:]:
    options = vision.ImageClassifierOptions(base_options=BaseOptions(model_asset_path=path))
    with vision.ImageClassifier.create_from_options(options) as classifier:
        answers[path] = [categories(classifier, pixels) for pixels in numpy.load(sys.argv[1])], described(path)
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def mobile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """mobile/ of the colour classifier, with pixels.npy in it."""
    base = tmp_path_factory.mktemp("run")
    exported = colours.write(base / "export" / "1")
    pixels, truth = colours.images(6)
    examples = litert.HeldOut(images=pixels, truth=truth, probabilities=colours.probabilities(pixels))
    litert.convert(exported, base / "mobile", calibration=pixels, held_out=examples)
    np.save(base / "mobile" / "pixels.npy", pixels)
    return base / "mobile"


@pytest.fixture(scope="module")
def answers(mobile: Path) -> dict[str, Any]:
    """What MediaPipe prints, by file name."""
    files = [str(mobile / name) for name in litert.FORMS.values()]
    command = [str(PYTHON), "-c", SCRIPT, str(mobile / "pixels.npy"), *files]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return {Path(path).name: answer for path, answer in json.loads(done.stdout).items()}


@pytest.mark.parametrize("form", litert.FORMS)
def test_mediapipe_answers_as_litert_with_label_names(mobile: Path, answers: dict[str, Any], form: str) -> None:
    interpreter = litert.Interpreter(mobile / litert.FORMS[form])
    pixels = np.load(mobile / "pixels.npy")
    [found, _] = answers[litert.FORMS[form]]
    assert len(found) == len(pixels) == 6
    for categories, image in zip(found, pixels, strict=True):
        expected = interpreter.run(image)
        assert {index: name for index, name, _ in categories} == dict(enumerate(colours.LABELS))
        assert categories[0][0] == expected.argmax()
        scores = {index: score for index, _, score in categories}
        np.testing.assert_allclose([scores[index] for index in range(3)], expected, atol=1e-6)


@pytest.mark.parametrize("form", litert.FORMS)
def test_mediapipes_schema_reads_the_metadata(answers: dict[str, Any], form: str) -> None:
    [_, described] = answers[litert.FORMS[form]]
    assert described == {
        "version": "1",
        "parser": "1.0.0",
        "mean": [0.0],
        "std": [1.0],
        "minimum": 0.0,
        "maximum": 255.0,
        "unit": "NormalizationOptionsT",
        "content": "ImagePropertiesT",
        "rgb": True,
        "size": [16, 12],
        "output": "FeaturePropertiesT",
        "labels": ["labels.txt", 2],  # TENSOR_AXIS_LABELS
    }
