"""A bundle for phones: .tflite files in float32, float16 and int8, each run on held-out images before it counts.

LiteRT is the runtime that was TensorFlow Lite. The files hold built-in operators only, so they need no Flex library
on the phone, and carry their labels (serving.litert_metadata), so MediaPipe Tasks opens them as they are.
"""

import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from serving import litert_int8, litert_metadata, litert_readme, native_log
from serving.bundle import read_description

FORMS = {"float32": "model.tflite", "float16": "model_float16.tflite", "int8": "model_int8.tflite"}
"""File name of each form."""
CALIBRATION_IMAGES = 200
"""At most so many training images set the ranges of the int8 form; more take longer and change them little."""
TIMED_IMAGES = 50
"""So many images are timed, one after the other."""
MOST_INTERPRETERS = 8
"""Each holds the weights once more."""
SILENT_SCALE = 1e-8
"""An int8 step below this is that of no range at all, 2e-6 / 255."""


class LiteRTError(ValueError):
    """The bundle cannot become a .tflite file, or a file does not answer as it must."""


class Images(Protocol):
    """uint8 (h, w, 3) images by index, from several threads at once: an array (n, h, w, 3), a memory map or a list."""

    def __len__(self) -> int:
        """How many there are."""

    def __getitem__(self, index: int, /) -> Any:
        """One image, uint8 (h, w, 3)."""


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Examples that chose nothing in training, and what the Keras model says to them."""

    images: Images
    """n images, uint8 (h, w, 3) of the model's input size."""
    truth: np.ndarray
    """int (n,), index of the right label."""
    probabilities: np.ndarray
    """float32 (n, classes), the Keras model's answers, 0 to 1."""


def convert(bundle: Path, folder: Path, *, calibration: Images, held_out: HeldOut) -> dict[str, Any]:
    """Write `folder` (mobile/) from a classifier's bundle and return the contents of its parity.json.

    bundle: export/<version> with the signature `tensor` and assets.extra/model.json.
    folder: replaced as a whole; after an error what stood there before is untouched.
    calibration: training images, of which up to 200, evenly spaced, set the ranges of the int8 form.

    Raises BundleError when `bundle` is none; LiteRTError for labels that a label file cannot hold, for operators that
    are no LiteRT built-ins, and for images of another size than the model's.
    """
    model = _read_model(bundle)
    _check_labels(model["labels"])
    _check_images(model, calibration, held_out)
    with _replaced(folder) as new:
        for form, content in _forms(bundle, model, calibration).items():
            (new / FORMS[form]).write_bytes(_with_metadata(content, form, model, version=bundle.name))
        labels = litert_metadata.label_lines(model["labels"])
        (new / litert_metadata.LABELS).write_text(labels, encoding="utf-8")
        parity = _parity(new, held_out, calibration_images=min(len(calibration), CALIBRATION_IMAGES))
        (new / "parity.json").write_text(json.dumps(parity, indent=2) + "\n", encoding="utf-8")
        (new / "README.md").write_text(litert_readme.text(model, parity), encoding="utf-8")
    return parity


def operators(content: bytes) -> list[str]:
    """Operators of a .tflite model, without repetition; one that is no built-in is named `custom:<name>`."""
    from ai_edge_litert import schema_py_generated as schema

    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if name.isupper()}
    model = schema.Model.GetRootAs(content, 0)
    codes = map(model.OperatorCodes, range(model.OperatorCodesLength()))
    found = ((code.CustomCode(), max(code.BuiltinCode(), code.DeprecatedBuiltinCode())) for code in codes)
    return sorted({f"custom:{custom.decode()}" if custom else names[builtin] for custom, builtin in found})


class Interpreter:
    """One .tflite image classifier, ready to answer one image at a time. Raises LiteRTError for a file that LiteRT cannot prepare."""

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        from ai_edge_litert.interpreter import Interpreter as Runtime

        try:
            with native_log.muted():
                self._runtime = Runtime(model_path=str(path), num_threads=threads)
                self._runtime.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise LiteRTError(f"LiteRT cannot prepare {path.name}: {error}") from error
        [self._input] = self._runtime.get_input_details()
        [self._output] = self._runtime.get_output_details()
        self.input_shape = tuple(int(side) for side in self._input["shape"])
        """(1, h, w, 3)."""

    def run(self, image: np.ndarray) -> np.ndarray:
        """Probabilities, float32 (classes,), of one image, uint8 (h, w, 3)."""
        self._runtime.set_tensor(self._input["index"], image[None].astype(self._input["dtype"]))
        self._runtime.invoke()
        return np.asarray(self._runtime.get_tensor(self._output["index"])[0])


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
    """A label file has one label a line, and an app tells classes apart by nothing else."""
    for label in labels:
        if label.splitlines() != [label]:
            raise LiteRTError(
                f"the label {label!r} is empty or holds a line break; a label file wants one line a label"
            )
        if labels.count(label) > 1:
            raise LiteRTError(f"the label {label!r} stands {labels.count(label)} times; rename one of the classes")


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
        whole = _checked("float32", lambda: _converted(folder))
        half = _checked("float16", lambda: _converted(folder, half=True))
        small = _checked("int8", lambda: litert_int8.quantised(whole, _calibration_inputs(calibration)))
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


def _converted(folder: str, *, half: bool = False) -> bytes:
    """The SavedModel in `folder` as float32, made of built-in operators only; with `half` its weights are float16."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["serving_default"])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if half:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    return bytes(converter.convert())


def _checked(form: str, make: Callable[[], bytes]) -> bytes:
    """What `make` gives, held to built-in operators and live layers."""
    try:
        content = make()
    except Exception as error:  # ConverterError, or ValueError and RuntimeError from the quantiser
        raise _refusal(form, str(error)) from error
    foreign = [name for name in operators(content) if name.startswith("custom:")]
    if foreign:
        raise _refusal(form, f"Custom ops: {', '.join(foreign)}")
    silent = _silent_layers(content)
    if silent:
        raise LiteRTError(
            f"the {form} form cannot be run: {', '.join(silent)} gave 0 for every calibration image. These layers are dead, as "
            "after a learning rate that was too high: train the model again"
        )
    return content


def _silent_layers(content: bytes) -> list[str]:
    """Layers whose answers the converter saw no range of: it then writes -1e-6 to 1e-6, and XNNPACK aborts the process."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.Model.GetRootAs(content, 0)
    tensors = map(model.Subgraphs(0).Tensors, range(model.Subgraphs(0).TensorsLength()))
    answers = (tensor for tensor in tensors if not model.Buffers(tensor.Buffer()).DataLength())
    scaled = ((tensor.Name().decode(), tensor.Quantization()) for tensor in answers)
    silent = (name for name, q in scaled if q is not None and q.ScaleLength() == 1 and q.Scale(0) < SILENT_SCALE)
    return list(dict.fromkeys(name.split(";")[0] for name in silent))


def _refusal(form: str, text: str) -> LiteRTError:
    """The converter's message, thousands of characters of graph, as one sentence."""
    listed = re.findall(r"^(?:TF Select|Flex|Custom) ops: (.+)$", text, re.MULTILINE)
    if not listed:
        return LiteRTError(f"the {form} form cannot be converted: {text[:500]}")
    return LiteRTError(
        f"the {form} form needs operators that LiteRT has not built in: {', '.join(listed)}. They would need the Flex "
        "library, which phones do not carry: build the layer from other operations."
    )


def _calibration_inputs(images: Images) -> Iterator[list[np.ndarray]]:
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
    metadata = litert_metadata.Metadata(
        name=f"image classifier, {len(model['labels'])} classes",
        description=f"Names what an image shows. {form} form; pixels 0..255 go in as they are.",
        version=version,
        width=model["input"]["width"],
        height=model["input"]["height"],
        labels=tuple(model["labels"]),
    )
    return litert_metadata.attach(content, metadata)


def _parity(folder: Path, held_out: HeldOut, *, calibration_images: int) -> dict[str, Any]:
    """Each form on every held-out image, beside the Keras model."""
    return {
        "forms": {form: _compared(folder / name, held_out) for form, name in FORMS.items()},
        "keras": {"accuracy": float(np.mean(held_out.probabilities.argmax(1) == held_out.truth))},
        "n": len(held_out.images),
        "calibration_images": calibration_images,
    }


def _compared(path: Path, held_out: HeldOut) -> dict[str, Any]:
    """One file's answers against the truth and against the Keras model; time per image on one thread."""
    answers = _answers(path, held_out.images)
    if not np.isfinite(answers).all():
        raise LiteRTError(f"{path.name} answers NaN or infinity; weights or activations leave the range of this form")
    best = answers.argmax(1)
    return {
        "file": path.name,
        "bytes": path.stat().st_size,
        "accuracy": float(np.mean(best == held_out.truth)),
        "agreement": float(np.mean(best == held_out.probabilities.argmax(1))),
        "max_abs_delta": float(np.abs(answers - held_out.probabilities).max()),
        "milliseconds": _milliseconds(path, held_out.images),
    }


def _answers(path: Path, images: Images) -> np.ndarray:
    """What the file says to every image, float32 (n, classes).

    It takes one image at a time, so each core has an interpreter of its own and a part of the images.
    """
    cores = min(os.cpu_count() or 1, MOST_INTERPRETERS, len(images))
    bounds = [len(images) * core // cores for core in range(cores + 1)]
    interpreters = [Interpreter(path) for _ in range(cores)]

    def part(core: int) -> np.ndarray:
        span = range(bounds[core], bounds[core + 1])
        return np.stack([interpreters[core].run(np.asarray(images[index])) for index in span])

    with ThreadPoolExecutor(cores) as pool:
        return np.concatenate(list(pool.map(part, range(cores))))


def _milliseconds(path: Path, images: Images) -> float:
    """Median time of one image, nothing else running."""
    interpreter = Interpreter(path)
    seconds = []
    for index in range(min(len(images), TIMED_IMAGES)):
        image = np.asarray(images[index])
        start = time.perf_counter()
        interpreter.run(image)
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds) * 1000)


@contextmanager
def _replaced(folder: Path) -> Iterator[Path]:
    """A new empty folder that takes the place of `folder` when the block ends well, and vanishes when it does not."""
    new, old = (folder.with_name(f".{folder.name}.{state}") for state in ("partial", "old"))
    for leftover in (new, old):  # of a killed run
        shutil.rmtree(leftover, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        yield new
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(new, ignore_errors=True)
