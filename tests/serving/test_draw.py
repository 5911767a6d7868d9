"""serving.draw: the picture stays, the text is there, and letters are letters."""

import cv2
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from serving import draw
from vision import decoding


def noise(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def band(line: str) -> NDArray[np.uint8]:
    """What is drawn for one line, below a black picture."""
    return draw.labelled(np.zeros((240, 320, 3), np.uint8), [line])[240:]


def test_the_picture_is_above_its_lines() -> None:
    image = noise(240, 320)
    kept = image.copy()
    shown = draw.labelled(image, ["cat 0.98", "dog 0.02"])
    assert shown.dtype == np.uint8
    assert shown.shape[1:] == (320, 3)
    np.testing.assert_array_equal(shown[:240], image)
    np.testing.assert_array_equal(image, kept)
    first, second = np.split(shown[240 : 240 + 42], 2)  # 14 pixels of text, 21 a row
    assert first.min() < 100
    assert second.min() < 100
    assert shown[-2:].min() == draw.PAPER
    assert shown.flags.writeable


@pytest.mark.parametrize(
    ("shape", "height", "width", "rows", "columns"),
    [
        ((31, 40), 31, 31, (0, 31), (4, 35)),
        ((31, 40), 20, 40, (5, 25), (0, 40)),
        ((31, 40), 40, 20, (0, 31), (12, 27)),
        ((1, 40), 10, 10, (0, 1), (19, 20)),
        ((40, 2), 10, 30, (19, 20), (0, 2)),
        ((7, 7), 224, 224, (0, 7), (0, 7)),
    ],
)
def test_the_central_part_has_the_shape_asked_for(
    shape: tuple[int, int], height: int, width: int, rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    image = noise(*shape)
    found = draw.central(image, height=height, width=width)
    np.testing.assert_array_equal(found, image[slice(*rows), slice(*columns)])


def test_the_central_part_is_what_the_graph_decodes() -> None:
    rng = np.random.default_rng(0)
    for high, wide, height, width in rng.integers(1, 60, (24, 4)).tolist():
        image = noise(high, wide)
        contents = tf.constant(cv2.imencode(".png", image[..., ::-1])[1].tobytes())
        part = tf.constant(draw.central(image, height=height, width=width))
        expected = tf.round(tf.image.resize(part, [height, width], antialias=True))
        found = decoding.decode_resized(contents, height=height, width=width, crop=True)
        np.testing.assert_array_equal(found, expected, err_msg=f"{high}x{wide} to {height}x{width}")


def test_without_lines_nothing_is_added() -> None:
    np.testing.assert_array_equal(draw.labelled(noise(240, 320), []), noise(240, 320))


@pytest.mark.parametrize("text", ["Käfer", "жук", "蜜蜂", "σκαθάρι", "딱정벌레", "Tiếng Việt"])
def test_letters_come_out_as_letters(text: str) -> None:
    drawn = band(text)
    questions = "".join(letter if letter.isascii() else "?" for letter in text)
    assert not np.array_equal(drawn, band(questions))
    for letter in set(text) - {" "}:
        others = [band(other) for other in set(text) - {" ", letter}]
        assert not any(np.array_equal(band(letter), other) for other in others)  # boxes would all look the same


def test_scripts_without_glyphs_are_question_marks() -> None:
    np.testing.assert_array_equal(band("ด้วง"), band("????"))


def test_tiny_pictures_are_enlarged_pixel_by_pixel() -> None:
    image = noise(8, 5)
    shown = draw.labelled(image, ["7 0.5"])
    np.testing.assert_array_equal(shown[: 8 * 28, : 5 * 28], np.kron(image, np.ones((28, 28, 1), np.uint8)))
    assert draw.labelled(noise(1, 1), ["x"]).shape[1] == 224


def test_long_lines_get_smaller_and_then_wider() -> None:
    line = "a label that is rather long for its picture 0.98"
    large = noise(1000, 1000)
    short, fitted = draw.labelled(large, ["x"]), draw.labelled(large, [line * 2])
    assert fitted.shape[1] == 1000
    assert fitted.shape[0] < short.shape[0]  # smaller text, lower band
    assert fitted[1000:, 990:].min() == draw.PAPER  # not cut off
    wide = draw.labelled(noise(240, 320), [line * 2])
    assert wide.shape[1] > 320
    assert wide[:, -3:].min() == draw.PAPER
    np.testing.assert_array_equal(wide[:240, :320], noise(240, 320))


def test_line_breaks_stay_in_their_row() -> None:
    np.testing.assert_array_equal(band("a\nb\tc"), band("a b c"))


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 1), (4, 4, 4), (0, 4, 3)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"found an image of uint8 .*; expected uint8 \(h, w, 3\)"):
        draw.labelled(np.zeros(shape, np.uint8), ["x"])


def test_other_dtypes_are_refused() -> None:
    with pytest.raises(ValueError, match="found an image of float64"):
        draw.labelled(np.zeros((4, 4, 3)), ["x"])  # type: ignore[arg-type]


def test_heat_colours_only_where_it_is() -> None:
    image = noise(240, 320)
    heat = np.zeros((240, 320), np.float32)
    heat[:, 160:] = 1.0
    heat[:, 150:160] = 5.0  # cut to 1
    shown = draw.heated(image, heat)
    np.testing.assert_array_equal(shown[:, :150], image[:, :150])
    red = np.array([122, 4, 3])  # the end of OpenCV's Turbo
    np.testing.assert_allclose(shown[:, 150:], 0.5 * image[:, 150:] + 0.5 * red, atol=1)


def test_gradients_are_grey_where_they_are_zero() -> None:
    gradients = np.zeros((10, 20, 3))
    gradients[:, :10] = [2e-7, -2e-7, 1e-7]
    shown = draw.coloured(gradients)
    np.testing.assert_allclose(shown[0, 0], [255, 0, 191], atol=1)
    np.testing.assert_allclose(shown[0, 19], [128, 128, 128], atol=1)
    np.testing.assert_allclose(draw.coloured(np.zeros((4, 4, 3))), 128, atol=1)
    one = np.zeros((100, 100, 3))
    one[50, 50] = 3.0  # rarer than the percentile
    assert (draw.coloured(one)[50, 50] == 255).all()


def test_explanations_stand_side_by_side() -> None:
    image, gradients = noise(240, 320), np.zeros((8, 8, 3), np.float32)
    shown = draw.explained(image, ["ant 0.98"], grad_cam=np.zeros((8, 8), np.float32), guided_backprop=gradients)
    np.testing.assert_array_equal(shown[:240, :320], image)
    np.testing.assert_array_equal(shown[:240, 320:640], image)
    np.testing.assert_allclose(shown[:240, 640:960], 128, atol=1)
    assert shown[240:].min() < 100
    without = draw.explained(image, ["ant 0.98"], guided_backprop=gradients)
    assert without.shape[1] == 640
    large = draw.explained(noise(1200, 900), [], guided_backprop=gradients)
    assert large.shape == (480, 720, 3)
