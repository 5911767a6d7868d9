"""The forms of a .tflite file: converted from a SavedModel, and held to built-in operators and live layers."""

import gc
import re
from collections.abc import Callable, Sequence

FORMS = {"float32": "model.tflite", "float16": "model_float16.tflite", "int8": "model_int8.tflite"}
"""File name of each form."""
SILENT_SCALE = 1e-8
"""An int8 step below this is that of no range at all, 2e-6 / 255."""


class LiteRTError(ValueError):
    """The bundle cannot become a .tflite file, or a file does not answer as it must."""


def operators(content: bytes) -> list[str]:
    """Operators of a .tflite model, without repetition; one that is not built in is named `custom:<name>`."""
    from ai_edge_litert import schema_py_generated as schema

    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if name.isupper()}
    model = schema.Model.GetRootAs(content, 0)
    codes = map(model.OperatorCodes, range(model.OperatorCodesLength()))
    found = ((code.CustomCode(), max(code.BuiltinCode(), code.DeprecatedBuiltinCode())) for code in codes)
    return sorted({f"custom:{custom.decode()}" if custom else names[builtin] for custom, builtin in found})


def converted(folder: str, *, signatures: Sequence[str] = ("serving_default",), half: bool = False) -> bytes:
    """The SavedModel in `folder` as float32, made of built-in operators only; with `half` its weights are float16."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=list(signatures))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if half:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    # The converter collects garbage at its end; what is frozen it does not look through, which saves half of its time.
    gc.freeze()
    try:
        return bytes(converter.convert())
    finally:
        gc.unfreeze()


def checked(form: str, make: Callable[[], bytes]) -> bytes:
    """The file that `make` returns, held to built-in operators and live layers. Raises LiteRTError."""
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
        f"the {form} form needs operators that are not built into LiteRT: {', '.join(listed)}. They would need the Flex "
        "library, which phones do not carry: build the layer from other operations."
    )
