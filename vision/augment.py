"""Random changes to training images, cheap enough that a CPU does not wait for them.

One uint8 image at a time, with OpenCV: a shift is one copy and a flip a view, some microseconds for a small image. The draws come
from the caller, so that they can be a pure function of (seed, epoch, index).
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

DRAWS = 3
"""Random numbers, each 0 to 1, that `augmented` uses for one image."""


def augmented(image: Image, draws: Sequence[float] | NDArray[np.float32], *, flip: bool, shift: float) -> Image:
    """Mirror half of the images and move each by up to `shift` of its side.

    image: uint8 (height, width, channels). draws: DRAWS numbers, uniform in [0, 1). shift: 0 to 0.5, share of the side.
    """
    height, width = image.shape[:2]
    rows, columns = (_offset(draw, round(shift * side)) for draw, side in ((draws[1], height), (draws[2], width)))
    # Mirrored last, since a view costs nothing: the same as mirroring first and moving the other way.
    mirrored = flip and draws[0] < 0.5
    moved = shifted(image, rows=rows, columns=-columns if mirrored else columns)
    return moved[:, ::-1] if mirrored else moved


def shifted(image: Image, *, rows: int, columns: int) -> Image:
    """Move the picture down by `rows` and right by `columns` pixels (negative: up, left); the border pixel fills the gap.

    image: uint8 (height, width, channels), contiguous.
    """
    if rows == columns == 0:
        return image
    height, width, channels = image.shape
    up, left = max(-rows, 0), max(-columns, 0)
    padded = cv2.copyMakeBorder(image, max(rows, 0), up, max(columns, 0), left, cv2.BORDER_REPLICATE)
    moved = padded[up : up + height, left : left + width]
    return moved[..., None] if channels == 1 else moved


def _offset(draw: float, reach: int) -> int:
    """A whole number from -reach to reach, each equally likely."""
    return min(int(draw * (2 * reach + 1)), 2 * reach) - reach
