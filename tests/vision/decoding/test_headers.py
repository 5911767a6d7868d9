"""vision.decoding.headers against sizes and flags that were written into the files."""

import functools
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tests.vision import pictures
from vision.decoding import headers

SAMPLES = pictures.samples()
KINDS = {
    "jpeg": headers.JPEG,
    "png": headers.PNG,
    "bmp": headers.BMP,
    "gif": headers.GIF,
    "webp": headers.WEBP,
}
NOTHING = {
    "empty": b"",
    "one byte": b"\xff",
    "text": b"a note about pictures\n",
    "zeros": bytes(1000),
    "sound": b"RIFF\x24\0\0\0WAVEfmt " + bytes(40),
    "JPEG XL": b"\xff\x0a" + bytes(40),
}


@functools.cache
def graph(function: Callable[[Any], Any]) -> Any:
    return tf.function(function, input_signature=[tf.TensorSpec([], tf.string)])


def asked(function: Callable[[Any], Any], contents: bytes) -> Any:
    """The answer, the same inside and outside a graph."""
    answer = graph(function)(contents).numpy()
    assert answer == function(tf.constant(contents)).numpy()
    return answer


def jpeg(exif: bytes) -> bytes:
    return pictures.encode(pictures.picture(), "JPEG", exif=exif)


@pytest.mark.parametrize("name", SAMPLES)
def test_pixels_and_kind_of_real_files(name: str) -> None:
    expected = 1 if name.endswith("1x1") else pictures.HEIGHT * pictures.WIDTH
    assert asked(headers.pixels, SAMPLES[name]) == expected
    assert asked(headers.kind, SAMPLES[name]) == KINDS[name.split("_")[0]]


@pytest.mark.parametrize("name", NOTHING)
def test_nothing_known(name: str) -> None:
    assert asked(headers.kind, NOTHING[name]) == headers.OTHER
    assert asked(headers.pixels, NOTHING[name]) == 0


@pytest.mark.parametrize(("width", "height"), [(3, 5), (12_345, 9_876), (20_000, 20_000)])
def test_pixels_of_headers_by_hand(width: int, height: int) -> None:
    files = pictures.claiming(width, height)
    if width < 16_384:
        files |= pictures.claiming_webp(width, height)
    assert {name: graph(headers.pixels)(file).numpy() for name, file in files.items()} == dict.fromkeys(
        files, width * height
    )


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.startswith("png")])
def test_alpha_of_png(name: str) -> None:
    assert asked(headers.png_has_alpha, SAMPLES[name]) == ("alpha" in name or "transparent" in name)


def test_transparency_is_not_looked_for_in_the_pixels() -> None:
    noise = pictures.png_chunk(b"IDAT", b"tRNS")
    opaque = SAMPLES["png"]
    start = opaque.index(b"IDAT") - 4
    assert not asked(headers.png_has_alpha, opaque[:start] + noise + opaque[start:])


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.startswith("webp")])
def test_alpha_of_webp(name: str) -> None:
    assert asked(headers.webp_has_alpha, SAMPLES[name]) == ("alpha" in name)


def test_bmp_layout() -> None:
    # Pillow: 14 bytes of file header, 40 of information, 256 colours of 4 bytes, then the pixels.
    layout = [int(value) for value in headers.bmp_layout(tf.constant(SAMPLES["bmp_grey"]))]
    assert layout == [8, 54, 54 + 1024]
    assert [int(value) for value in headers.bmp_layout(tf.constant(SAMPLES["bmp"]))] == [24, 54, 54]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("value", range(10))
def test_orientation(order: str, value: int) -> None:
    found = asked(headers.orientation, jpeg(pictures.exif(value, order=order)))
    assert found == (value if 1 <= value <= 8 else 1)


def test_orientation_is_1_without_exif() -> None:
    assert asked(headers.orientation, SAMPLES["jpeg"]) == 1


def _directory(count: int, entries: bytes, *, offset: int = 8, order: str = "<") -> bytes:
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, offset)
    return b"Exif\0\0" + head + struct.pack(f"{order}H", count) + entries


HOSTILE = {
    "nothing behind the name": b"Exif\0\0",
    "one byte": b"Exif\0\0I",
    "header cut off": b"Exif\0\0II*\0\x08",
    "count far too large": _directory(65_535, struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)),
    "no entry": _directory(0, b""),
    "offset behind the end": _directory(1, struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0), offset=4_294_967_295),
    "offset into the header": _directory(1, struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0), offset=0),
    "offset at the last byte": _directory(1, struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0), offset=21),
    "huge value": _directory(1, struct.pack("<HHIHH", 0x0112, 3, 4_294_967_295, 65_535, 65_535)),
    "neither byte order": b"Exif\0\0XX" + bytes(range(60)),
    "huge, Motorola": _directory(65_535, b"\xff" * 200, offset=4_294_967_295, order=">"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_exif_is_only_a_number(name: str) -> None:
    found = asked(headers.orientation, b"\xff\xd8\xff\xe1\0\0" + HOSTILE[name])
    # Read as far as the file goes, and from behind the header at the earliest.
    assert found == (6 if name in ("count far too large", "offset into the header") else 1)


def test_gif_size_is_that_of_the_frame() -> None:
    file = bytearray(SAMPLES["gif"])
    file[6:10] = struct.pack("<HH", 1, 1)  # the screen, which no decoder obeys
    assert asked(headers.pixels, bytes(file)) == pictures.HEIGHT * pictures.WIDTH


def test_gif_first_frame_ends_where_the_second_begins() -> None:
    animated = SAMPLES["gif_animated"]
    cut = graph(headers.gif_first_frame)(animated).numpy()
    assert cut[:-1] == animated[: len(cut) - 1]
    assert cut[-1:] == b";"
    # Between two frames stands a graphic control extension: ! f9 04.
    assert animated[len(cut) - 1 :].startswith(b"!\xf9\x04")
    still = SAMPLES["gif"]
    assert graph(headers.gif_first_frame)(still).numpy() == still


def test_random_bytes_and_mutations_give_a_number() -> None:
    rng = np.random.default_rng(0)
    files = list(SAMPLES.values())
    for case in range(200):
        contents = bytearray(files[case % len(files)][: rng.integers(1, 200)])
        contents[rng.integers(len(contents))] = rng.integers(256)
        contents[rng.integers(len(contents)) :] = rng.bytes(int(rng.integers(60)))
        try:
            assert graph(headers.pixels)(bytes(contents)).numpy() >= -(2**63)
        except tf.errors.InvalidArgumentError:
            assert contents[:3] == b"\xff\xd8\xff"  # TensorFlow's own reader of JPEG headers
        assert 1 <= graph(headers.orientation)(bytes(contents)).numpy() <= 8
