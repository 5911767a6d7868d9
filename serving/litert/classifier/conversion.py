"""A bundle for phones: .tflite files in float32, float16 and int8, each run on held-out images before it counts.

LiteRT is the runtime that was TensorFlow Lite. The files hold built-in operators only, so they need no Flex library
on the phone, and carry their labels (serving.litert.classifier.metadata), so MediaPipe Tasks opens them as they are.
"""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from serving import native_log
from serving.bundle import read_description
from serving.litert import FORMS, LiteRTError, forms, int8
from serving.litert import folder as litert_folder
from serving.litert.classifier import metadata, readme
from serving.litert.classifier import parity as classifier_parity
from serving.litert.classifier.parity import HeldOut, Images

CALIBRATION_IMAGES = 200
"""At most so many training images set the ranges of the int8 form; more take longer and change them little."""


def convert(bundle: Path, folder: Path, *, calibration: Images, held_out: HeldOut) -> dict[str, Any]:
    """Write `folder` (mobile/) from a classifier's bundle and return the contents of its parity.json.

    bundle: export/<version> with the signature `tensor` and assets.extra/model.json.
    folder: replaced as a whole; after an error what stood there before is untouched.
    calibration: training images, of which up to 200, evenly spaced, set the ranges of the int8 form.

    Raises BundleError when `bundle` is none; LiteRTError for labels that a label file cannot hold, for operators that
    are not built into LiteRT, and for images of another size than the model's.
    """
    model = _read_model(bundle)
    _check_labels(model["labels"])
    _check_images(model, calibration, held_out)
    made = _forms(bundle, model, calibration)
    files = {FORMS[form]: _with_metadata(made[form], form, model, version=bundle.name) for form in made}
    files[metadata.LABELS] = metadata.label_lines(model["labels"]).encode()
    calibrated = {"calibration_images": min(len(calibration), CALIBRATION_IMAGES)}
    return litert_folder.write(
        folder,
        files,
        readme=lambda parity: readme.text(model, parity),
        parity=lambda new: classifier_parity.compare(new, held_out) | calibrated,
    )


def _read_model(bundle: Path) -> dict[str, Any]:
    """The bundle's model.json, checked for what is needed here."""
    model = read_description(bundle)
    if model["task"] != "classify":
        raise LiteRTError(f"{bundle} is a bundle for {model['task']!r}; this version converts 'classify' bundles only")
    if model["input"]["channels"] != 3:
        raise LiteRTError(
            f"{bundle} takes {model['input']['channels']} channels; phones give 3: repeat grey in the graph"
        )
    return model


def _check_labels(labels: list[str]) -> None:
    """A label file has one label per line, and an app tells classes apart by nothing else."""
    for label in labels:
        if label.splitlines() != [label]:
            raise LiteRTError(
                f"the label {label!r} is empty or holds a line break; a label file has one label per line"
            )
        if labels.count(label) > 1:
            raise LiteRTError(f"the label {label!r} occurs {labels.count(label)} times; rename one of the classes")


def _check_images(model: Mapping[str, Any], calibration: Images, held_out: HeldOut) -> None:
    """Every count and the first image's shape, before minutes are spent."""
    shape = (model["input"]["height"], model["input"]["width"], 3)
    for what, images in (("calibration", calibration), ("held-out", held_out.images)):
        if not len(images):
            raise LiteRTError(f"no {what} images; at least one is needed to convert and compare")
        first = np.asarray(images[0])
        if first.shape != shape or first.dtype != np.uint8:
            raise LiteRTError(f"{what} images are {first.dtype} {first.shape}; the model takes uint8 {shape}")
    n = len(held_out.images)
    wanted = ((n,), (n, len(model["labels"])))
    if (held_out.truth.shape, held_out.probabilities.shape) != wanted:
        found = f"truth {held_out.truth.shape} and probabilities {held_out.probabilities.shape}"
        raise LiteRTError(f"{n} held-out images came with {found}; expected {wanted[0]} and {wanted[1]}")


def _forms(bundle: Path, model: Mapping[str, Any], calibration: Images) -> dict[str, bytes]:
    """The model in each form."""
    with native_log.muted(), tempfile.TemporaryDirectory() as folder:
        _write_phone_graph(bundle, model, folder)
        whole = forms.checked("float32", lambda: forms.converted(folder))
        half = forms.checked("float16", lambda: forms.converted(folder, half=True))
        small = forms.checked("int8", lambda: int8.quantised(whole, calibration_inputs(calibration)))
    return {"float32": whole, "float16": half, "int8": small}


def _write_phone_graph(bundle: Path, model: Mapping[str, Any], folder: str) -> None:
    """A SavedModel of one function: one image of the fixed size in, probabilities out.

    Written once for all forms: a converter that is given the function would write and read it again for each.
    """
    import tensorflow as tf

    loaded = tf.saved_model.load(str(bundle))
    tensor = loaded.signatures["tensor"]
    shape = (1, model["input"]["height"], model["input"]["width"], 3)

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32, "images")])
    def classify(images: Any) -> dict[str, Any]:
        return {"probabilities": tf.nn.softmax(tensor(images=images)["logits"])}

    module = tf.Module()
    # Only what this function reads; tracking `loaded` as a whole would carry the decoding signatures along.
    module.weights = tensor.variables
    tf.saved_model.save(module, folder, signatures={"serving_default": classify})


def calibration_inputs(images: Images) -> Iterator[list[np.ndarray]]:
    """Up to 200 images, evenly spaced, float32 (1, h, w, 3)."""
    count = min(len(images), CALIBRATION_IMAGES)
    for number, index in enumerate(np.linspace(0, len(images) - 1, count).round().astype(int)):
        image = np.array(images[int(index)], np.float32)[None]
        if number == 0:
            # One black and one white value, so that the input scale is 1 and pixel 200 is stored as 200.
            image[0, 0, 0, 0], image[0, -1, -1, -1] = 0, 255
        yield [image]


def _with_metadata(content: bytes, form: str, model: Mapping[str, Any], *, version: str) -> bytes:
    """The model with its labels and normalisation inside."""
    described = metadata.Metadata(
        name=f"image classifier, {len(model['labels'])} classes",
        description=f"Names what an image shows. {form} form; pixels 0..255 go in as they are.",
        version=version,
        width=model["input"]["width"],
        height=model["input"]["height"],
        labels=tuple(model["labels"]),
    )
    return metadata.attach(content, described)
