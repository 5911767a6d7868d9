"""`:predict` bodies that are not JSON, and answers of the same kind; with `--enable_binary_bodies`.

* `application/x-npy`: one numeric array as `numpy.save` writes it. Parameters of the Content-Type stand for the keys of JSON:
  `application/x-npy; signature_name=tensor; output_filter=logits`. The answer is the signature's one output, or the one
  that the filter names.
* `application/x-protobuf`: a serialised tensorflow.serving.PredictRequest; the answer is a PredictResponse. The
  model_spec must agree with the URL.

Nothing is ever unpickled, and no more memory is used than the body fills.
"""

import io
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.lib import format as npy

from serving.server import tensor_proto
from serving.server.calls import predict_request, signature_checks
from serving.server.calls.predict_request import PredictRequest
from serving.server.calls.prediction import DEFAULT_SIGNATURE
from serving.server.calls.rules import PLAIN, Rules
from serving.server.errors import invalid_argument
from serving.server.models.versions import Version

NPY = "application/x-npy"
PROTOBUF = "application/x-protobuf"
NUMBERS = "biufc"
"""NumPy's kinds of numbers: bool, signed, unsigned, float, complex."""


_WAY_OUT = f"Send a PredictRequest ({PROTOBUF}) or JSON."


def kind(content_type: str) -> str:
    """Return NPY, PROTOBUF, or "" when a Content-Type names neither."""
    name = content_type.split(";", 1)[0].strip().lower()
    return name if name in (NPY, PROTOBUF) else ""


def parse(content_type: str, body: bytes, version: Version, *, rules: Rules = PLAIN) -> PredictRequest:
    """Read a body of one of these kinds. Raises ServingError when this version cannot answer it.

    The arrays share the memory of `body` and may be read-only; their shapes are not compared with the signature.
    `rules`: whether the signature must be declared for prediction.
    """
    if kind(content_type) == PROTOBUF:
        return predict_request.read(version.model.signatures, _message(body, version), rules=rules)
    request = _parse_npy(_parameters(content_type), body, version)
    signature_checks.check_prediction(version.model.signatures[request.signature], rules=rules)
    return request


def write(content_type: str, outputs: Mapping[str, np.ndarray], version: Version, signature: str) -> bytes:
    """Write the answer to a request that `parse` read, in the same format."""
    if kind(content_type) == NPY:
        ((alias, array),) = outputs.items()
        if array.dtype.kind not in NUMBERS:
            raise invalid_argument(f"Output '{alias}' holds {array.dtype}, but .npy takes numbers only. {_WAY_OUT}")
        file = io.BytesIO()
        npy.write_array(file, array, allow_pickle=False)
        return file.getvalue()
    return _write_protobuf(outputs, version, signature)


def _parse_npy(parameters: Mapping[str, str], body: bytes, version: Version) -> PredictRequest:
    """Read one array for the one input."""
    unknown = sorted(parameters.keys() - {"signature_name", "output_filter"})
    if unknown:
        raise invalid_argument(
            f"The Content-Type has the parameters {unknown}; {NPY} takes signature_name and output_filter."
        )
    name = parameters.get("signature_name") or DEFAULT_SIGNATURE
    signature = version.model.signatures.get(name)
    if signature is None:
        raise invalid_argument(f'Serving signature name: "{name}" not found in signature def')
    if len(signature.inputs) != 1:
        raise invalid_argument(
            f"Signature '{name}' takes the inputs {sorted(signature.inputs)}, but .npy holds one array. {_WAY_OUT}"
        )
    ((alias, info),) = signature.inputs.items()
    output = _output(name, signature, parameters.get("output_filter", ""))
    return PredictRequest(name, {alias: _fit(_read_npy(body), alias, info.dtype)}, [output])


def _output(name: str, signature: Any, asked: str) -> str:
    """Choose the one output that .npy can hold."""
    listed = sorted(signature.outputs)
    alias = asked or listed[0]
    if alias not in listed:
        raise invalid_argument(f"output_filter={asked}: signature '{name}' has the outputs {listed}.")
    if len(listed) > 1 and not asked:
        raise invalid_argument(
            f"Signature '{name}' has the outputs {listed}, but .npy holds one array. Name one in the Content-Type: "
            f"{NPY}; output_filter={listed[0]}"
        )
    if signature.outputs[alias].dtype == tensor_proto.STRING:
        raise invalid_argument(f"Output '{alias}' holds strings, but .npy takes numbers only. {_WAY_OUT}")
    return alias


def _read_npy(body: bytes) -> np.ndarray:
    """Read the array of an .npy file without a copy; its size is checked first."""
    file = io.BytesIO(body)
    try:
        read_header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[npy.read_magic(file)]
        shape, fortran, dtype = read_header(file)
    except Exception as error:  # NumPy raises many kinds for a broken header
        raise invalid_argument(f"The body is not an .npy file of version 1.0 or 2.0: {error}") from None
    if dtype.kind not in NUMBERS:
        raise invalid_argument(f"The .npy body holds {dtype}, but .npy takes numbers only. {_WAY_OUT}")
    if any(size < 0 for size in shape):
        raise invalid_argument(f"The .npy body claims the shape {list(shape)}; no size can be negative.")
    start, count = file.tell(), math.prod(shape)
    if count * dtype.itemsize != len(body) - start:
        raise invalid_argument(
            f"The .npy body claims the shape {list(shape)} of {dtype}, {count * dtype.itemsize} bytes, but "
            f"{len(body) - start} bytes follow its header."
        )
    try:
        flat = np.frombuffer(body, dtype, count, start) if count else np.empty(0, dtype)
        if dtype.kind == "b":
            flat = flat.view(np.uint8) != 0  # NumPy takes only the bytes 0 and 1 for bool
        array = flat.reshape(shape, order="F" if fortran else "C")
    except ValueError as error:
        raise invalid_argument(
            f"The .npy body claims the shape {list(shape)}, which no array can have: {error}"
        ) from None
    return np.require(array, dtype.newbyteorder("="), ["C", "A"])


def _fit(array: np.ndarray, alias: str, number: int) -> np.ndarray:
    """Check that the array has the type of the input (a number of TensorFlow's DataType)."""
    import tensorflow as tf

    takes = tf.dtypes.as_dtype(number)
    if takes == tf.string:
        raise invalid_argument(f"Input '{alias}' takes strings, but .npy takes numbers only. {_WAY_OUT}")
    if takes.as_numpy_dtype != array.dtype:
        raise invalid_argument(
            f"The .npy body holds {array.dtype}, but input '{alias}' takes {takes.name}. Save "
            f"array.astype('{takes.name}')."
        )
    return array


def _parameters(content_type: str) -> dict[str, str]:
    """Read the parameters after the first semicolon, without their quotes."""
    pairs = (part.partition("=") for part in content_type.split(";")[1:] if part.strip())
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def _message(body: bytes, version: Version) -> Any:
    """Parse a PredictRequest, and check that it agrees with the URL."""
    from google.protobuf.message import DecodeError
    from tensorflow_serving.apis import predict_pb2

    try:
        request = predict_pb2.PredictRequest.FromString(body)
    except DecodeError:
        raise invalid_argument("The body is not a serialised tensorflow.serving.PredictRequest.") from None
    spec = request.model_spec
    if spec.name and spec.name != version.name:
        raise invalid_argument(f"The body asks for the model '{spec.name}', the URL for '{version.name}'.")
    if spec.HasField("version") and spec.version.value != version.number:
        raise invalid_argument(f"The body asks for version {spec.version.value}, the URL for {version.number}.")
    if spec.version_label:
        raise invalid_argument(f"The body asks for the label '{spec.version_label}'. Put it into the URL.")
    return request


def _write_protobuf(outputs: Mapping[str, np.ndarray], version: Version, signature: str) -> bytes:
    """Write a PredictResponse, numbers in one piece."""
    from tensorflow_serving.apis import predict_pb2

    response = predict_pb2.PredictResponse()
    response.model_spec.name = version.name
    response.model_spec.version.value = version.number
    response.model_spec.signature_name = signature
    declared = version.model.signatures[signature].outputs
    for alias, array in outputs.items():
        tensor_proto.write(array, response.outputs[alias], declared=declared[alias].dtype, content=True)
    return bytes(response.SerializeToString())
