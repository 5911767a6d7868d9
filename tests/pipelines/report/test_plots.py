"""pipelines.report.plots: what a reader or a screen reader gets from each drawing."""

import base64
import math
import re
import xml.etree.ElementTree as ElementTree

import cv2
import matplotlib as mpl
import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.report import plots

ROWS = [
    {
        "epoch": 1.0,
        "loss": 2.0,
        "accuracy": 0.3,
        "val_loss": 2.1,
        "val_accuracy": 0.2,
        "learning_rate": 0.1,
        "seconds": 3.0,
    },
    {
        "epoch": 2.0,
        "loss": 1.0,
        "accuracy": 0.6,
        "val_loss": 1.5,
        "val_accuracy": 0.4,
        "learning_rate": 0.05,
        "seconds": 3.0,
    },
    {
        "epoch": 3.0,
        "loss": 0.5,
        "accuracy": 0.9,
        "val_loss": 1.8,
        "val_accuracy": 0.5,
        "learning_rate": 0.01,
        "seconds": 3.0,
    },
]


def alts(html: str) -> list[str]:
    return re.findall(r'<img [^>]*alt="([^"]+)"', html)


def pixels(html: str) -> NDArray[np.uint8]:
    """The PNG inside an `<img>`, RGB."""
    (data,) = re.findall(r'src="data:image/png;base64,([^"]+)"', html)
    return np.asarray(cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR))[:, :, ::-1]


def svgs(html: str) -> list[str]:
    found = [base64.b64decode(data).decode() for data in re.findall(r"data:image/svg\+xml;base64,([^\"]+)", html)]
    for svg in found:
        ElementTree.fromstring(svg)  # raises when it is not well formed
    return found


def test_curves_have_a_panel_for_each_metric_and_tell_their_ends() -> None:
    html = plots.curves(ROWS)
    assert len(svgs(html)) == 3
    assert alts(html) == [
        "loss over 3 epochs: training ends at 0.5, validation ends at 1.8.",
        "accuracy over 3 epochs: training ends at 0.9, validation ends at 0.5.",
        "learning rate over 3 epochs: training ends at 0.01.",
    ]
    assert plots.curves(ROWS) == html  # same values, same bytes
    assert plots.curves(ROWS, monitor="val_accuracy") != html  # another best epoch is marked


def test_curves_without_validation_with_nan_or_with_one_row() -> None:
    assert alts(plots.curves([{"loss": 1.0}])) == ["loss over 1 epochs: training ends at 1."]
    nan = [{"epoch": 1, "loss": math.nan, "val_loss": math.inf}]
    assert alts(plots.curves(nan)) == ["loss over 1 epochs: no finite value."]
    assert plots.curves([]) == "<p>No epoch was finished.</p>"


def test_no_global_matplotlib_state_is_touched() -> None:
    before = dict(mpl.rcParams)
    plots.curves(ROWS)
    assert dict(mpl.rcParams) == before


def test_bars() -> None:
    html = plots.bars([("a<b", 4.0), ("half", 2.0), ("none", 0.0), ("broken", math.nan)], unit=" s")
    assert re.findall(r"width:([\d.]+)%", html) == ["100.00", "50.00", "0.00", "0.00"]
    assert re.findall(r'class="number">([^<]*)<', html) == ["4 s", "2 s", "0 s", "nan s"]
    assert "a&lt;b" in html
    assert "width:20.00%" in plots.bars([("x", 20.0)], full=100.0)
    assert "width:0.00%" in plots.bars([("x", 0.0)])


def test_small_images_are_enlarged_pixel_by_pixel() -> None:
    image = np.random.default_rng(0).integers(0, 256, (5, 8, 3), dtype=np.uint8)
    shown = pixels(plots.thumbnail(image, alt="x"))
    assert shown.shape == (70, 112, 3)
    np.testing.assert_array_equal(shown[7::14, 7::14], image)
    np.testing.assert_array_equal(shown, np.kron(image, np.ones((14, 14, 1), np.uint8)))


@pytest.mark.parametrize(
    ("size", "shown"), [((1, 1), (112, 112)), ((200, 150), (200, 150)), ((640, 960), (213, 320)), ((1, 5000), (1, 320))]
)
def test_thumbnail_sizes(size: tuple[int, int], shown: tuple[int, int]) -> None:
    image = np.full((*size, 3), (10, 200, 30), np.uint8)
    result = pixels(plots.thumbnail(image, alt="x"))
    assert result.shape[:2] == shown
    np.testing.assert_array_equal(result[0, 0], [10, 200, 30])


def test_thumbnail_refuses_other_arrays() -> None:
    with pytest.raises(ValueError, match=r"found an image of float32 \(4, 4, 3\); expected uint8 \(h, w, 3\)"):
        plots.thumbnail(np.zeros((4, 4, 3), np.float32), alt="x")


def test_gallery_has_alt_text_and_captions() -> None:
    html = plots.gallery([np.zeros((4, 4, 3), np.uint8)] * 2, ['is "<a>"', ""])
    assert alts(html) == ["is &quot;&lt;a&gt;&quot;", "image 2"]
    assert "<figcaption>is &quot;&lt;a&gt;&quot;</figcaption>" in html
