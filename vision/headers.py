"""What the first bytes of a picture say: format, size and EXIF orientation, read in the graph without decoding.

Formats: PNG (ISO/IEC 15948), JPEG (size by TensorFlow's own header reader), GIF89a, BMP, WebP (RFC 9649), EXIF 2.3 / TIFF 6.0.
"""

from typing import Any

import tensorflow as tf

OTHER, JPEG, PNG, BMP = range(4)
"""Values of `kind`; OTHER is GIF, WebP or no picture at all."""

_ORIENTATION_TAG = 0x0112
_EXIF_SEARCH_BYTES = 65_536
_PALETTE_SEARCH_BYTES = 8_192


def kind(contents: Any) -> Any:
    """Which decoder the first bytes ask for: int32 scalar, one of the constants above."""
    found = tf.constant(OTHER)
    for value, magic in ((JPEG, b"\xff\xd8\xff"), (PNG, b"\x89PNG\r\n\x1a\n"), (BMP, b"BM")):
        found = tf.where(_starts(contents, 0, magic), value, found)
    return found


def pixels(contents: Any) -> Any:
    """Height times width as the header claims them: int64 scalar, 0 for bytes of no known format."""
    return tf.switch_case(
        kind(contents),
        [
            lambda: _other_pixels(contents),
            lambda: _jpeg_pixels(contents),
            lambda: _png_pixels(contents),
            lambda: _bmp_pixels(contents),
        ],
    )


def png_has_alpha(contents: Any) -> Any:
    """Whether a PNG has an alpha channel (colour types 4 and 6) or a palette with transparency: bool scalar."""
    colour_type = _bytes(contents, 25, 1)[0]
    head = tf.strings.substr(contents, 0, _PALETTE_SEARCH_BYTES)
    transparent_palette = tf.equal(colour_type, 3) & (tf.size(tf.strings.split(head, sep=b"tRNS", maxsplit=1)) > 1)
    return (colour_type >= 4) | transparent_palette


def bmp_layout(contents: Any) -> tuple[Any, Any, Any]:
    """Bits a pixel, and where the palette and the pixels start: int32 scalars."""
    head = _bytes(contents, 0, 32)
    fields = (_little(head[28:30]), 14 + _little(head[14:18]), _little(head[10:14]))
    bits, palette, start = (tf.cast(field, tf.int32) for field in fields)
    return bits, palette, start


def orientation(contents: Any) -> Any:
    """EXIF orientation of a JPEG, 1 to 8, and 1 where there is none: int32 scalar."""
    head = tf.strings.substr(contents, 0, _EXIF_SEARCH_BYTES)
    pieces = tf.strings.split(head, sep=b"Exif\0\0", maxsplit=1)
    return tf.cond(tf.size(pieces) > 1, lambda: _tiff_orientation(pieces[1]), lambda: tf.constant(1))


def _tiff_orientation(tiff: Any) -> Any:
    """Look the tag up in the first image file directory: 12 bytes an entry, tag first, a short value at byte 8."""
    data = tf.concat([_raw(tiff), tf.zeros([16], tf.int64)], 0)
    size = tf.size(data, tf.int64)
    big_endian = tf.equal(data[0], ord("M"))
    directory = tf.clip_by_value(_either(tf.reshape(data[4:8], [4]), big_endian), 8, size - 2)
    count = tf.minimum(
        _either(tf.reshape(data[directory : directory + 2], [2]), big_endian), (size - directory - 2) // 12
    )
    entries = tf.reshape(data[directory + 2 : directory + 2 + 12 * count], [-1, 12])
    is_orientation = tf.equal(_either(entries[:, :2], big_endian), _ORIENTATION_TAG)
    values = tf.boolean_mask(_either(entries[:, 8:10], big_endian), is_orientation)
    value = tf.cast(tf.concat([values, [1]], 0)[0], tf.int32)
    return tf.where((value >= 1) & (value <= 8), value, 1)


def _jpeg_pixels(contents: Any) -> Any:
    return tf.reduce_prod(tf.cast(tf.image.extract_jpeg_shape(contents)[:2], tf.int64))


def _png_pixels(contents: Any) -> Any:
    head = _bytes(contents, 16, 8)
    return _big(head[:4]) * _big(head[4:])


def _bmp_pixels(contents: Any) -> Any:
    head = _bytes(contents, 18, 8)
    return _little(head[:4]) * _bmp_height(head[4:])


def _bmp_height(data: Any) -> Any:
    """Signed: negative where the rows run from top to bottom."""
    height = _little(data)
    return tf.where(height >= 2**31, 2**32 - height, height)


def _other_pixels(contents: Any) -> Any:
    head = _bytes(contents, 0, 30)
    extended = (_little(head[24:27]) + 1) * (_little(head[27:30]) + 1)
    bits = _little(head[21:25])
    lossless = (bits % 0x4000 + 1) * (bits // 0x4000 % 0x4000 + 1)
    lossy = (_little(head[26:28]) % 0x4000) * (_little(head[28:30]) % 0x4000)
    gif = _little(head[6:8]) * _little(head[8:10])
    found = tf.constant(0, tf.int64)
    for value, offset, magic in (
        (gif, 0, b"GIF8"),
        (lossy, 12, b"VP8 "),
        (lossless, 12, b"VP8L"),
        (extended, 12, b"VP8X"),
    ):
        found = tf.where(_starts(contents, offset, magic), value, found)
    return found


def _starts(contents: Any, offset: int, magic: bytes) -> Any:
    return tf.reduce_all(tf.equal(_bytes(contents, offset, len(magic)), list(magic)))


def _bytes(contents: Any, offset: int, length: int) -> Any:
    """`length` bytes from `offset` as int64; zeros where the file ends earlier."""
    head = tf.strings.substr(
        tf.strings.join([tf.strings.substr(contents, 0, offset + length), b"\0" * (offset + length)]), offset, length
    )
    return tf.reshape(_raw(head), [length])


def _raw(contents: Any) -> Any:
    return tf.cast(tf.io.decode_raw(contents, tf.uint8), tf.int64)


def _little(data: Any) -> Any:
    """Bytes (…, n) to unsigned integers (…), least significant byte first."""
    return tf.reduce_sum(data * [256**i for i in range(data.shape[-1])], axis=-1)


def _big(data: Any) -> Any:
    return _little(data[..., ::-1])


def _either(data: Any, big_endian: Any) -> Any:
    return tf.where(big_endian, _big(data), _little(data))
