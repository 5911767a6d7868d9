"""Join the arrays of several calls, padded: rows to an allowed batch size, inner dimensions to one shape."""

from collections.abc import Sequence

import numpy as np

from serving.server.errors import Code, ServingError, invalid_argument


class NotAlikeError(Exception):
    """These arrays cannot be joined, but each may be right by itself."""


def allowed_size(rows: int, allowed: Sequence[int]) -> int:
    """Choose the smallest allowed size that holds `rows`; `rows` itself when there is none."""
    return next((size for size in allowed if size >= rows), rows)


def join(name: str, arrays: Sequence[np.ndarray], *, filler: int, pad: bool) -> np.ndarray:
    """Join the arrays of input `name` along the first dimension and add `filler` rows.

    arrays: each [rows, ...] of one dtype; shapes that differ after the first dimension are padded to a common one if
    `pad` is set. The filler rows copy the last call's first row, which is certainly one that the model can take.
    Raises ServingError, FAILED_PRECONDITION, for other shapes without `pad`, and NotAlikeError for other dtypes.
    """
    if len(arrays) == 1 and not filler:
        return arrays[0]
    if pad:
        arrays = pad_to_common_shape(arrays)
    if filler:
        row = next(array[:1] for array in reversed(arrays) if len(array))
        arrays = [*arrays, *[row] * filler]
    try:
        # Without a cast: NumPy would turn a float32 call beside a float64 one into something that neither asked for.
        return np.concatenate(arrays, dtype=arrays[0].dtype, casting="no")
    except TypeError as error:
        raise NotAlikeError(str(error)) from error
    except ValueError as error:
        raise ServingError(
            Code.FAILED_PRECONDITION,
            f"Tensors with name '{name}' from different tasks have different shapes and padding is turned off. Set "
            "pad_variable_length_inputs to true, or ensure that all tensors with the same name have equal dimensions "
            "starting with the first dim.",
        ) from error


def pad_to_common_shape(arrays: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
    """Pad all arrays to the largest size in each dimension after the first, with their first element.

    Raises NotAlikeError when they differ in the number of dimensions, and ServingError, INVALID_ARGUMENT, when an array
    without elements would have to grow.
    """
    shapes = {array.shape[1:] for array in arrays}
    if len(shapes) == 1:
        return arrays
    if len({len(shape) for shape in shapes}) > 1:
        raise NotAlikeError(f"The shapes {sorted(shapes)} differ in the number of dimensions.")
    common = tuple(map(max, zip(*shapes, strict=True)))
    return [_padded(array, common) for array in arrays]


def _padded(array: np.ndarray, inner: tuple[int, ...]) -> np.ndarray:
    """Pad one array to the dimensions `inner` after the first."""
    if array.shape[1:] == inner:
        return array
    shape = (len(array), *inner)
    if not array.size and np.prod(shape):
        raise invalid_argument("Got empty tensor in batch of non-empty tensors.")
    padded = np.empty(shape, array.dtype)
    if array.size:
        padded.fill(array.flat[0])
        padded[tuple(map(slice, array.shape))] = array
    return padded
