"""JSON values to NumPy arrays by the rules of tensorflow_serving/util/json_tensor.cc.

Numbers take a fast path without a line of Python for each. Doubtful values go through `element.filled`, which checks
them one by one and reports mistakes in TensorFlow Serving's words. Arrays keep the shape of the JSON; the graph checks it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from serving.server.errors import ServingError, invalid_argument
from serving.server.json_bodies import text
from serving.server.json_bodies.element import STRING, Dtype, converted, dtype_of, filled, is_base64


def from_rows(
    instances: Any,
    dtypes: Mapping[str, int],
    *,
    float16: bool = False,
) -> dict[str, np.ndarray]:
    """Make the arrays of the `instances` list, batch first; `dtypes`: input alias to TensorFlow's data type number.

    `float16`: accept half and bfloat16 too. Raises ServingError.
    """
    named = isinstance(instances[0], dict) and not is_base64(instances[0])
    if not isinstance(instances[0], dict) and len(dtypes) > 1:
        raise invalid_argument(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
            "tensorinfo_map"
        )
    columns = _columns(instances, dtypes) if named else {next(iter(dtypes)): instances}
    try:
        if columns is not None:
            return {name: _convert(column, dtypes[name], float16) for name, column in columns.items()}
    except ServingError:
        pass  # TensorFlow Serving checks row by row, and so reports another error than the whole column gives
    return _checked_rows(instances, dtypes, named=named, float16=float16)


def from_columns(
    inputs: Any,
    dtypes: Mapping[str, int],
    *,
    float16: bool = False,
) -> dict[str, np.ndarray]:
    """Make the arrays of the `inputs` value: one bare value for a single input, else an object. Raises ServingError."""
    if not isinstance(inputs, dict) or is_base64(inputs):
        if len(dtypes) > 1:
            raise invalid_argument(
                "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
                "tensorinfo_map"
            )
        inputs = {next(iter(dtypes)): inputs}
    arrays = {}
    for name, number in dtypes.items():
        if name not in inputs:
            raise invalid_argument(f"Missing named input: {name} in 'inputs' object.")
        arrays[name] = _convert(inputs[name], number, float16)
    return arrays


def _columns(instances: Sequence[Any], dtypes: Mapping[str, int]) -> dict[str, list[Any]] | None:
    """Turn rows of objects into one list per input; None when a row is not an object with exactly these keys."""
    if not all(isinstance(row, dict) and row.keys() == dtypes.keys() for row in instances):
        return None
    return {name: [row[name] for row in instances] for name in dtypes}


def _convert(value: Any, number: int, float16: bool) -> np.ndarray:
    """Make the array of one JSON value: fast where that is safe, else value by value."""
    dtype = dtype_of(number, float16=float16)
    array = _fast(value, dtype) if dtype and number != STRING else None
    return filled(value, number, float16=float16) if array is None else array


def _fast(value: Any, dtype: Dtype) -> np.ndarray | None:
    """Make the array of plain numbers or booleans, without Python code for each; None when each must be checked.

    The leaves are first collected as objects: otherwise NumPy would convert true to 1, and use the room of the longest
    string for every element of a list.
    """
    leaves = np.array(value, dtype=np.object_)
    kinds = set(map(type, leaves.ravel()))
    if dtype.wide is np.bool_:
        return leaves.astype(np.bool_) if kinds <= {bool} else None
    if not kinds <= ({int, float} if dtype.wide is np.float64 else {int}):
        return None
    try:
        return converted(leaves.astype(dtype.wide), dtype)
    except OverflowError:  # an integer beyond int64 or below zero
        return None


def _checked_rows(
    instances: Sequence[Any], dtypes: Mapping[str, int], *, named: bool, float16: bool
) -> dict[str, np.ndarray]:
    """Make the arrays row by row, with every check of TensorFlow Serving, in its order."""
    rows: dict[str, list[np.ndarray]] = {name: [] for name in dtypes}
    for position, row in enumerate(instances):
        if named != (isinstance(row, dict) and not is_base64(row)):
            expected, found = ("object", "list") if named else ("value/list", "object")
            raise invalid_argument(f"Expecting {expected} but got {found} at item {position} of input list")
        for name, value in row.items() if named else [(next(iter(dtypes)), row)]:
            try:
                _add_row(rows, name, value, dtypes, float16)
            except ServingError as error:
                where = f"element: {position} key: {name}" if named else f"element: {position}"
                message = f"Failed to process {where} of 'instances' list. Error: {error}"
                raise invalid_argument(message) from None
        if named and row.keys() != dtypes.keys():
            raise invalid_argument(
                f"Failed to process element: {position} of 'instances' list. JSON object: {text.quote(row)} keys "
                f"must be equal to: {','.join(sorted(dtypes))}"
            )
    return {name: _stacked(arrays) for name, arrays in rows.items()}


def _add_row(
    rows: dict[str, list[np.ndarray]], name: str, value: Any, dtypes: Mapping[str, int], float16: bool
) -> None:
    """Convert one value of one row, which must have the shape of the rows before it."""
    if name not in dtypes:
        raise invalid_argument(f"JSON object: does not have named input: {name}")
    array = filled(value, dtypes[name], float16=float16)
    first = rows[name][0] if rows[name] else array
    if first.size != array.size:
        raise invalid_argument(f"Expecting tensor size: {first.size} but got: {array.size}")
    if first.shape != array.shape:
        raise invalid_argument(f"Expecting shape {shape_text(first)} but got: {shape_text(array)}")
    rows[name].append(array)


def _stacked(arrays: list[np.ndarray]) -> np.ndarray:
    """Stack into one array, batch first; np.stack would unpack rows of objects."""
    batch = np.empty((len(arrays), *arrays[0].shape), arrays[0].dtype)
    for position, array in enumerate(arrays):
        batch[position] = array
    return batch


def shape_text(array: np.ndarray) -> str:
    """Write a shape as TensorFlow does, `[2,3]`."""
    return "[" + ",".join(str(size) for size in array.shape) + "]"
