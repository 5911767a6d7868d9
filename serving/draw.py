"""Answers onto pictures, with NumPy and OpenCV alone."""

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

SMALLEST_SIDE = 224
"""Pictures whose longer side has fewer pixels are enlarged to at least this, each pixel repeated."""
SMALLEST_TEXT, LARGEST_TEXT = 14, 64
"""Text heights in pixels; between them text grows with the picture."""
WEIGHT = 500
"""Thickness of the letters, 100 to 1000; 400 is a book's."""
PAPER, INK = 255, 32
"""Grey of the band and of the text, 0 to 255."""
LARGEST_PANEL = 480
"""Pictures whose longer side has more pixels are reduced to it where several stand side by side."""
HEAT = 0.5
"""Share of the colour where a heat map is 1; where it is 0 the picture stays as it is."""
EXTREME = 99.5
"""Percentile of the absolute gradients that is drawn in full colour; fewer, larger ones are cut to it."""


def labelled(image: NDArray[np.uint8], lines: Sequence[str]) -> NDArray[np.uint8]:
    """The picture with the lines in a band below it; nothing of the picture is covered.

    image: uint8 (h, w, 3), RGB, h and w at least 1; left as it is. lines: text such as "Käfer 0.98", one row each.

    Returns uint8 (h', w', 3), RGB. Tiny pictures are enlarged first; where a line is wider than the picture, its text
    is set smaller, down to 14 pixels, and then the band and the right margin grow instead, so that no text is cut.

    OpenCV's built-in font covers Latin (with Vietnamese), Greek, Cyrillic, Chinese, Japanese and Korean. Hebrew and
    Arabic letters are there, but are set left to right and not joined. Other scripts (such as Thai, Devanagari,
    Armenian, Georgian) and emoji come out as question marks.

    Raises ValueError for any other array.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise ValueError(f"found an image of {image.dtype} {image.shape}; expected uint8 (h, w, 3), h and w at least 1")
    repeat = math.ceil(SMALLEST_SIDE / max(image.shape[:2]))
    picture = image.repeat(repeat, axis=0).repeat(repeat, axis=1)
    if not lines:
        return picture
    height, width = picture.shape[:2]
    lines = [" ".join(line.split()) for line in lines]  # a line break would run out of its row
    size, widest = _fitting(lines, width=width, size=round(math.sqrt(height * width) / 24))
    margin, row = size // 2, round(size * 1.5)
    canvas = np.full((height + row * len(lines) + margin, max(width, widest + 2 * margin), 3), PAPER, np.uint8)
    canvas[:height, :width] = picture
    for place, line in enumerate(lines):
        baseline = height + row * place + margin + size
        cv2.putText(canvas, line, (margin, baseline), (INK, INK, INK), _font(), size, WEIGHT)
    return canvas


def explained(
    image: NDArray[np.uint8],
    lines: Sequence[str],
    *,
    guided_backprop: NDArray[np.floating[Any]],
    grad_cam: NDArray[np.floating[Any]] | None = None,
) -> NDArray[np.uint8]:
    """The picture, the same under its heat map (where there is one), and the gradients, side by side above the lines.

    image and lines as in `labelled`. guided_backprop: (h', w', 3), any scale; grey where it is 0. grad_cam: (h', w'), 0 to 1.
    Returns uint8 (h'', w'', 3), RGB; each panel's longer side has 224 to 480 pixels (up to 448 where pixels are repeated).
    """
    picture = _panel(image)
    panels = [picture] if grad_cam is None else [picture, heated(picture, grad_cam)]
    gradients = cv2.resize(coloured(guided_backprop), picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return labelled(np.concatenate([*panels, np.asarray(gradients, np.uint8)], axis=1), lines)


def central(image: NDArray[np.uint8], *, height: int, width: int) -> NDArray[np.uint8]:
    """The largest part about the centre with sides as height to width, at least one pixel of each: uint8 (h', w', 3).

    What a bundle whose model.json says `"resize": "crop"` sees of a picture, to the pixel.
    """
    high, wide = image.shape[:2]
    rows, columns = max(1, min(high, wide * height // width)), max(1, min(wide, high * width // height))
    top, left = (high - rows) // 2, (wide - columns) // 2
    return image[top : top + rows, left : left + columns]


def heated(image: NDArray[np.uint8], heat: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """The picture, uint8 (h, w, 3), RGB, coloured where the map (any size, 0 to 1) is above 0: blue, green, yellow, red."""
    heat = np.clip(cv2.resize(heat.astype(np.float32), image.shape[1::-1], interpolation=cv2.INTER_LINEAR), 0, 1)
    colours = cv2.applyColorMap((255 * heat).astype(np.uint8), cv2.COLORMAP_TURBO)[..., ::-1]
    share = HEAT * heat[..., None]
    return np.asarray(np.rint((1 - share) * image + share * colours), np.uint8)


def coloured(gradients: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Gradients (h, w, 3) as a picture: grey where 0, brighter in a channel where positive, darker where negative."""
    largest = float(np.percentile(np.abs(gradients), EXTREME)) or float(np.abs(gradients).max()) or 1.0
    return np.asarray(np.rint(127.5 + 127.5 * np.clip(gradients / largest, -1, 1)), np.uint8)


def _panel(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    longest = max(image.shape[:2])
    if longest > LARGEST_PANEL:
        size = [max(1, round(side * LARGEST_PANEL / longest)) for side in image.shape[1::-1]]
        return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return labelled(image, [])


def _fitting(lines: Sequence[str], *, width: int, size: int) -> tuple[int, int]:
    """The text height nearest to `size` that fits into the width, and the width of the longest line in it."""
    size = min(max(size, SMALLEST_TEXT), LARGEST_TEXT)
    widest = _widest(lines, size)
    while size > SMALLEST_TEXT and widest + size > width:
        size = max(SMALLEST_TEXT, min(size - 1, size * width // (widest + size)))
        widest = _widest(lines, size)
    return size, widest


def _widest(lines: Sequence[str], size: int) -> int:
    boxes = [cv2.getTextSize((0, 0), line, (0, 0), _font(), size, WEIGHT) for line in lines]
    return max(x + wide for x, _, wide, _ in boxes)


def _font() -> Any:
    return cv2.FontFace("sans")  # not kept: putText sets its weight, so two threads must not share one
