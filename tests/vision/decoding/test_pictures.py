"""vision.decoding.pictures against Pillow and NumPy; hostile files end in InvalidArgumentError, not in a crash or in lost memory."""

import functools
import io
import resource
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray
from PIL import Image, ImageOps

from tests.vision import pictures
from vision import decoding
from vision.decoding import headers

SAMPLES = pictures.samples()
# TensorFlow's fast inverse DCT against Pillow's accurate one.
JPEG_MOST, JPEG_MEAN = 12, 1.5


@functools.cache
def graph() -> Any:
    return tf.function(decoding.decode, input_signature=[tf.TensorSpec([], tf.string)])


@pytest.fixture(scope="module")
def mapped() -> dict[str, NDArray[np.uint8]]:
    """All samples through one tf.data pipeline."""
    images = tf.data.Dataset.from_tensor_slices(list(SAMPLES.values())).map(decoding.decode).as_numpy_iterator()
    return dict(zip(SAMPLES, images, strict=True))


def reference(contents: bytes) -> NDArray[np.uint8]:
    """The first frame by Pillow: upright, 8 bits, alpha blended onto white by the formula."""
    image: Any = ImageOps.exif_transpose(Image.open(io.BytesIO(contents)))
    if image.mode.startswith("I;16"):
        return np.repeat((np.asarray(image) >> 8).astype(np.uint8)[..., None], 3, axis=-1)
    if image.mode in ("RGBA", "LA") or "transparency" in image.info:
        rgba = np.asarray(image.convert("RGBA")).astype(float)
        opacity = rgba[..., 3:] / 255
        return np.rint(rgba[..., :3] * opacity + 255 * (1 - opacity)).astype(np.uint8)
    return np.asarray(image.convert("RGB"))


def differences(found: NDArray[np.uint8], expected: NDArray[np.uint8]) -> NDArray[np.int64]:
    assert found.shape == expected.shape
    assert found.dtype == np.uint8
    return abs(found.astype(np.int64) - expected)


@pytest.mark.parametrize("name", SAMPLES)
def test_equals_pillow_inside_and_outside_a_pipeline(name: str, mapped: dict[str, NDArray[np.uint8]]) -> None:
    eager = decoding.decode(tf.constant(SAMPLES[name])).numpy()
    np.testing.assert_array_equal(mapped[name], eager)
    off = differences(eager, reference(SAMPLES[name]))
    if name.startswith("jpeg"):
        assert off.max() <= JPEG_MOST
        assert off.mean() <= JPEG_MEAN
    elif name == "bmp_32_bit":  # Windows shows the colours of such files without their fourth channel
        np.testing.assert_array_equal(eager, pictures.pixels(channels=4)[..., :3])
    else:
        assert off.max() <= (1 if "alpha" in name or "transparent" in name else 0)


def test_alpha_by_hand() -> None:
    rgba = np.array([[[0, 100, 200, 0], [0, 100, 200, 51], [0, 100, 200, 255]]], np.uint8)
    # 51 / 255 = 0.2: 0.2 x colour + 0.8 x 255.
    expected = [[[255, 255, 255], [204, 224, 244], [0, 100, 200]]]
    assert graph()(pictures.encode(Image.fromarray(rgba), "PNG")).numpy().tolist() == expected
    lossless = pictures.encode(Image.fromarray(rgba), "WEBP", lossless=True, exact=True)
    assert graph()(lossless).numpy().tolist() == expected


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_equals_pillow(orientation: int, order: str) -> None:
    contents = pictures.encode(pictures.picture(), "JPEG", exif=pictures.exif(orientation, order=order))
    expected = reference(contents)
    assert expected.shape[:2] == ((40, 31) if orientation >= 5 else (31, 40))
    off = differences(graph()(contents).numpy(), expected)
    assert off.max() <= JPEG_MOST
    assert off.mean() <= JPEG_MEAN  # about 60 for any other orientation


def test_top_down_bmp() -> None:
    contents = bytearray(SAMPLES["bmp"])
    contents[22:26] = (-pictures.HEIGHT).to_bytes(4, "little", signed=True)
    np.testing.assert_array_equal(graph()(bytes(contents)).numpy(), pictures.pixels()[::-1])


def _opaque_animation() -> bytes:
    turned = pictures.picture().rotate(180)
    return pictures.encode(pictures.picture(), "WEBP", save_all=True, append_images=[turned])


HALVES = {
    f"half of {name}": contents[: len(contents) // 2]
    for name, contents in SAMPLES.items()
    if "1x1" not in name and name != "gif_animated"  # its first half holds a whole frame
}
BROKEN = HALVES | {
    "animated WebP without alpha": _opaque_animation(),
    "palette behind the end": SAMPLES["bmp_palette"][:14] + b"\xff\xff\xff\x7f" + SAMPLES["bmp_palette"][18:],
    "palette before the file": SAMPLES["bmp_palette"][:14] + b"\xff\xff\xff\xff" + SAMPLES["bmp_palette"][18:],
    "only the first bytes": b"\x89PNG\r\n\x1a\n",
    "sides behind 32 bits": SAMPLES["png"][:16] + b"\xff" * 8 + SAMPLES["png"][24:],
}
UNKNOWN = {"zero bytes": b"", "text": b"a note about pictures\n", "JPEG XL": b"\xff\x0a" + bytes(40), "BM": b"B"}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_refused(name: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        graph()(BROKEN[name])
    assert decoding.NO_IMAGE not in error.value.message
    assert decoding.TOO_LARGE not in error.value.message


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_no_picture_is_said(name: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="no image of a known format"):
        graph()(UNKNOWN[name])
    with pytest.raises(tf.errors.InvalidArgumentError, match="no image of a known format"):
        decoding.decode(tf.constant(UNKNOWN[name]))


@pytest.mark.parametrize(
    ("name", "contents"),
    [*pictures.claiming(20_000, 20_000).items(), *pictures.claiming_webp(16_000, 16_000).items()],
)
def test_too_large_by_the_header(name: str, contents: bytes) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="larger than 64 megapixels"):
        graph()(contents)
    with pytest.raises(tf.errors.InvalidArgumentError, match="larger than 64 megapixels"):
        decoding.decode(tf.constant(contents))


@pytest.mark.parametrize("name", pictures.claiming(8_000, 8_000))
def test_64_megapixels_are_not_too_large(name: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        graph()(pictures.claiming(8_000, 8_000)[name])  # cut off, but not refused for its size
    assert decoding.TOO_LARGE not in error.value.message
    with pytest.raises(tf.errors.InvalidArgumentError, match=decoding.TOO_LARGE):
        graph()(pictures.claiming(8_000, 8_001)[name])


def test_a_whole_large_picture_takes_no_memory() -> None:
    contents = pictures.large_png(20_000)  # 1.2 GB when decoded
    assert len(contents) < 100_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(tf.errors.InvalidArgumentError, match="megapixels"):
        graph()(contents)
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < 100e6


def test_later_frames_of_a_gif_are_never_read() -> None:
    animated = SAMPLES["gif_animated"]
    start = len(headers.gif_first_frame(tf.constant(animated)).numpy()) - 1
    np.testing.assert_array_equal(graph()(animated[:start] + b"no frame").numpy(), graph()(animated).numpy())


def _mutated(rng: np.random.Generator, contents: bytes) -> bytes:
    data = bytearray(contents)
    if rng.random() < 0.3:
        return bytes(data[: rng.integers(4, 40)]) + rng.bytes(int(rng.integers(200)))
    for _ in range(rng.integers(1, 6)):
        data[rng.integers(min(len(data), 60 if rng.random() < 0.5 else len(data)))] = rng.integers(256)
    at = rng.integers(len(data))
    data[at : at + 4] = (b"", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff")[rng.integers(4)]
    return bytes(data)


def test_mutated_and_random_files_never_crash() -> None:
    rng = np.random.default_rng(0)
    files = [*SAMPLES.values(), _opaque_animation()]
    decoded = 0
    for case in range(600):
        contents = rng.bytes(int(rng.integers(300))) if case % 10 == 0 else _mutated(rng, files[case % len(files)])
        try:
            assert graph()(contents).shape[-1] == 3
            decoded += 1
        except tf.errors.InvalidArgumentError:
            pass
    assert 20 < decoded < 400  # the mutations neither spare nor ruin everything


@pytest.mark.parametrize(("height", "width"), [(8, 8), (16, 11), (31, 40), (50, 64)])
def test_resized_is_rounded(height: int, width: int) -> None:
    found = decoding.decode_resized(tf.constant(SAMPLES["png"]), height=height, width=width).numpy()
    by_hand = np.rint(tf.image.resize(pictures.pixels(), [height, width], antialias=True).numpy())
    np.testing.assert_array_equal(found, by_hand)
    assert found.dtype == np.uint8
    # Pillow's bilinear filter is also a triangle as wide as the scale, in fixed point.
    pillow = np.asarray(pictures.picture().resize((width, height), Image.Resampling.BILINEAR))
    assert differences(found, pillow).max() <= 1


def test_resized_by_hand() -> None:
    # Pixel centres of the new picture lie at 1/4 and 3/4 of the old pixels.
    two = Image.fromarray(np.array([[0, 100]], np.uint8))
    found = decoding.decode_resized(tf.constant(pictures.encode(two, "PNG")), height=1, width=4).numpy()
    assert found[0, :, 0].tolist() == [0, 25, 75, 100]


def test_one_pixel_fills_everything() -> None:
    found = decoding.decode_resized(tf.constant(SAMPLES["png_1x1"]), height=4, width=3).numpy()
    np.testing.assert_array_equal(found, np.broadcast_to(pictures.pixels(1, 1)[0, 0], (4, 3, 3)))


def test_batch_is_every_picture_alone() -> None:
    contents = tf.constant([SAMPLES["png"], SAMPLES["jpeg_cmyk"], SAMPLES["gif_1x1"]])
    batch = decoding.decode_batch(contents, height=9, width=7)
    assert batch.dtype == tf.float32
    alone = [decoding.decode_resized(item, height=9, width=7).numpy() for item in contents]
    np.testing.assert_array_equal(batch.numpy(), np.stack(alone))


@pytest.mark.parametrize(
    ("height", "width", "box"), [(31, 31, (4, 0, 35, 31)), (20, 40, (0, 5, 40, 25)), (40, 20, (12, 0, 27, 31))]
)
def test_cropping_keeps_the_largest_central_part_of_the_shape(
    height: int, width: int, box: tuple[int, int, int, int]
) -> None:
    file = SAMPLES["png"]
    image = tf.constant(np.asarray(Image.open(io.BytesIO(file)).crop(box)))
    expected = tf.round(tf.image.resize(image, [height, width], antialias=True))
    found, size = decoding.decode_sized(tf.constant(file), height=height, width=width, crop=True)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(size, [31, 40])
    batch = decoding.decode_batch(tf.constant([file, file]), height=height, width=width, crop=True)
    np.testing.assert_array_equal(batch[1], expected)


def test_cropping_leaves_a_pixel_of_the_thinnest_picture() -> None:
    thin = pictures.encode(pictures.picture(height=1, width=40), "PNG")
    found, _ = decoding.decode_sized(tf.constant(thin), height=10, width=10, crop=True)
    assert len(np.unique(np.asarray(found).reshape(-1, 3), axis=0)) == 1
