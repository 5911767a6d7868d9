"""Values to pictures for the report: each function returns HTML that needs no network, no script and no font file.

Line plots come from matplotlib (its objects only, never pyplot's global state) as embedded SVG. Tables, bars and
galleries are HTML, so that class names in any script are set by the browser; matplotlib's font lacks most of them.
"""

import base64
import html
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.record import history

TRAIN, HELD_OUT, QUIET = "#4c72b0", "#dd8452", "#8a8f98"
"""Colours of everything measured on training data, on other data, and of helping lines."""
TILE = 112
"""Images with a longer side below this many pixels are enlarged up to it."""
LARGEST_TILE = 320
"""Images with a longer side above this many pixels are reduced to it."""
NOT_CURVES = ("epoch", "seconds", "learning_rate")
"""History columns that get no panel with a training and a validation line."""


def curves(rows: Sequence[Mapping[str, float]], *, monitor: str = "val_loss") -> str:
    """Each metric of the history over the epochs, training against validation, and the learning rate.

    rows: one mapping per epoch with Keras' log names (epoch, loss, val_loss, accuracy, ..., learning_rate); NaN leaves
    a hole. monitor: the column that says which epoch was best: the highest accuracy, the lowest of anything else.
    """
    columns = list(dict.fromkeys(key for row in rows for key in row))
    names = [key for key in columns if key not in NOT_CURVES and not key.startswith("val_")]
    names += [key for key in ("learning_rate",) if key in columns]
    best = history.best_row(rows, monitor=monitor)
    panels = [_panel(rows, name, best=best) for name in names]
    return f'<div class="plots">{"".join(panels)}</div>' if panels else "<p>No epoch was finished.</p>"


def picture(figure: Any, *, alt: str) -> str:
    """A matplotlib Figure as an `<img>` with the SVG inside."""
    import matplotlib

    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "report"}):  # the same figure gives the same bytes
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return _image(buffer.getvalue(), "svg+xml", alt=alt, kind="plot")


def bars(values: Sequence[tuple[str, float]], *, full: float | None = None, unit: str = "") -> str:
    """Horizontal bars, one per (name, value >= 0). full: the value that fills a row; the largest when absent."""
    finite = [value for _, value in values if math.isfinite(value)]
    full = full or max(finite, default=0.0) or 1.0
    rows = (
        f'<tr><th scope="row">{html.escape(name)}</th><td class="bar"><div style="width:'
        f'{100 * min(or_zero(value) / full, 1.0):.2f}%"></div></td><td class="number">{_number(value)}{unit}</td></tr>'
        for name, value in values
    )
    return f'<table class="bars">{"".join(rows)}</table>'


def gallery(images: Sequence[NDArray[np.uint8]], captions: Sequence[str]) -> str:
    """Pictures with a caption below each. images: uint8 (h, w, 3) RGB of any sizes; small ones are enlarged."""
    figures = (
        f"<figure>{thumbnail(image, alt=caption or f'image {index + 1}')}"
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
        for index, (image, caption) in enumerate(zip(images, captions, strict=True))
    )
    return f'<div class="gallery">{"".join(figures)}</div>'


def thumbnail(image: NDArray[np.uint8], *, alt: str) -> str:
    """One image as `<img>`, PNG, its longer side 112 to 320 pixels: each pixel repeated, or reduced by area."""
    import cv2

    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"found an image of {image.dtype} {image.shape}; expected uint8 (h, w, 3)")
    longest = max(image.shape[:2])
    if longest > LARGEST_TILE:
        size = [max(1, round(side * LARGEST_TILE / longest)) for side in (image.shape[1], image.shape[0])]
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    repeat = math.ceil(TILE / longest)
    image = image.repeat(repeat, axis=0).repeat(repeat, axis=1)
    _, data = cv2.imencode(".png", image[:, :, ::-1])
    return _image(data.tobytes(), "png", alt=alt, kind="tile")


def _panel(rows: Sequence[Mapping[str, float]], name: str, *, best: int | None) -> str:
    """One metric over the epochs, as a picture of its own so that a phone can set the panels below each other."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(4.5, 2.9), layout="constrained")
    axes = figure.add_subplot()
    epochs = [row.get("epoch", index + 1) for index, row in enumerate(rows)]
    title, lines = name.replace("_", " "), []
    for key, colour, label in ((name, TRAIN, "training"), (f"val_{name}", HELD_OUT, "validation")):
        values = [row.get(key, math.nan) for row in rows]
        values = [value if math.isfinite(value) else math.nan for value in values]
        if not all(map(math.isnan, values)):
            marker = "o" if len(rows) < 40 else ""
            axes.plot(epochs, values, color=colour, marker=marker, markersize=3, linewidth=1.5, label=label)
            lines.append(f"{label} ends at {values[-1]:.4g}")
    if best is not None:
        axes.axvline(epochs[best], color=QUIET, linestyle=":", label=f"best epoch ({epochs[best]:g})")
    if name != "learning_rate" and lines:
        axes.legend(frameon=False, fontsize=8)
    axes.set(title=title, xlabel="epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    plain(axes)
    return picture(figure, alt=f"{title} over {len(rows)} epochs: {', '.join(lines) or 'no finite value'}.")


def plain(axes: Any) -> None:
    """Leave out what says nothing: the frame above and on the right."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e6e8eb", linewidth=0.8)
    axes.set_axisbelow(True)


def _image(data: bytes, kind_of_data: str, *, alt: str, kind: str) -> str:
    encoded = base64.b64encode(data).decode()
    return f'<img class="{kind}" alt="{html.escape(alt)}" src="data:image/{kind_of_data};base64,{encoded}">'


def or_zero(value: float) -> float:
    """The value, or 0 where it is not finite."""
    return value if math.isfinite(value) else 0.0


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
