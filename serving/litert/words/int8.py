"""The int8 form of a table of word vectors: one scale per word, and one table for lookup and search.

LiteRT's converter gives the table of a lookup one scale for all words, under which rare words with short vectors are lost, and writes it
a second time for the search, with one scale per word. Here a word's scale makes its int8 row a vector of length 1, so that the search gives
cosines of what the lookup returns, and both read the same bytes.
"""

from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from serving.litert import metadata

LARGEST = 127
VERSION = 12
"""The version of FULLY_CONNECTED that has int8 weights with a scale for each row, float input and output."""
RUNTIME = b"2.17.0"
"""The first runtime that has it, as the converter writes for such weights."""


def quantised(units: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Rows int8 (V, d), -127 to 127, and scales float32 (V,): row times scale has length 1, or is 0 where the vector is."""
    largest = np.abs(units).max(1, keepdims=True)
    rows = np.rint(units * (LARGEST / np.where(largest > 0, largest, 1))).astype(np.int8)
    lengths = np.linalg.norm(rows.astype(np.float32), axis=1)
    return rows, (1 / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def with_one_table(content: bytes, scales: NDArray[np.float32]) -> bytes:
    """The .tflite model whose search reads the int8 table of its lookup instead of a float32 table of its own."""
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = model.subgraphs[0]
    tables = (graph.tensors[operator.inputs[0]] for operator in _of_kind(model, schema.BuiltinOperator.GATHER))
    [lookup] = [tensor for tensor in tables if tensor.type == schema.TensorType.INT8]
    [search] = _of_kind(model, schema.BuiltinOperator.FULLY_CONNECTED)
    weights = graph.tensors[search.inputs[1]]
    model.buffers[weights.buffer].data = None
    weights.type, weights.buffer = schema.TensorType.INT8, lookup.buffer
    weights.quantization = schema.QuantizationParametersT()
    weights.quantization.scale, weights.quantization.zeroPoint = scales, np.zeros(len(scales), np.int64)
    weights.quantization.quantizedDimension = 0
    search.builtinOptions.asymmetricQuantizeInputs = True
    model.operatorCodes[search.opcodeIndex].version = VERSION
    [runtime] = [entry for entry in model.metadata if entry.name == b"min_runtime_version"]
    model.buffers[runtime.buffer].data = np.frombuffer(RUNTIME.ljust(16, b"\0"), np.uint8)
    return metadata.packed_model(model, size=len(content))


def _of_kind(model: Any, kind: int) -> list[Any]:
    """The operators of the first subgraph that have this code."""
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    return [operator for operator in model.subgraphs[0].operators if codes[operator.opcodeIndex] == kind]
