"""Random changes to training images, cheap enough that a CPU does not wait for them.

Plain NumPy on one uint8 image: a flip or a shift is one strided copy, measured far below one training step. The draws come from
the caller, so that they can be a pure function of (seed, epoch, index).
"""

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

DRAWS = 3
"""Random numbers, each 0 to 1, that `augmented` uses for one image."""


def augmented(image: Image, draws: NDArray[np.float32], *, flip: bool, shift: float) -> Image:
    """Mirror half of the images and move each by up to `shift` of its side.

    image: uint8 (height, width, channels). draws: float32 (DRAWS,), uniform in [0, 1). shift: 0 to 0.5, share of the side.
    """
    if flip and draws[0] < 0.5:
        image = image[:, ::-1]
    if shift == 0:
        return image
    height, width = image.shape[:2]
    rows, columns = (_offset(draw, round(shift * side)) for draw, side in ((draws[1], height), (draws[2], width)))
    return shifted(image, rows=rows, columns=columns)


def shifted(image: Image, *, rows: int, columns: int) -> Image:
    """Move the picture down by `rows` and right by `columns` pixels (negative: up, left); the border pixel fills the gap."""
    if rows == columns == 0:
        return image
    return _moved(_moved(image, rows, axis=0), columns, axis=1)


def _offset(draw: np.float32, reach: int) -> int:
    """A whole number from -reach to reach, each equally likely."""
    return min(int(draw * (2 * reach + 1)), 2 * reach) - reach


def _moved(image: Image, by: int, *, axis: int) -> Image:
    if by == 0:
        return image
    image = np.moveaxis(image, axis, 0)
    moved = np.empty_like(image)
    if by > 0:
        moved[by:], moved[:by] = image[:-by], image[:1]
    else:
        moved[:by], moved[by:] = image[-by:], image[-1:]
    return np.moveaxis(moved, 0, axis)
