"""The headers of pictures: format, size and EXIF orientation, read in the graph without decoding.

Formats: PNG (ISO/IEC 15948), JPEG (size by TensorFlow's own header reader), GIF89a, BMP, WebP (RFC 9649), EXIF 2.3 / TIFF 6.0.
"""

from typing import Any

import tensorflow as tf

OTHER, JPEG, PNG, BMP, GIF, WEBP = range(6)
"""Values of `kind`; OTHER is not a picture that we read (TensorFlow also knows JPEG XL, whose size cannot be read so simply)."""

_ORIENTATION_TAG = 0x0112
_EXIF_SEARCH_BYTES = 65_536
_TRANSPARENCY_SEARCH_BYTES = 8_192
_GIF_PADDING = bytes(1_000)


def kind(contents: Any) -> Any:
    """Find the decoder for the first bytes: int32 scalar, one of the constants above."""
    webp = _starts(contents, 0, b"RIFF") & _starts(contents, 8, b"WEBP")
    found = tf.where(webp, WEBP, OTHER)
    for value, magic in ((JPEG, b"\xff\xd8\xff"), (PNG, b"\x89PNG\r\n\x1a\n"), (BMP, b"BM"), (GIF, b"GIF8")):
        found = tf.where(_starts(contents, 0, magic), value, found)
    return found


def pixels(contents: Any) -> Any:
    """Read height times width from the header: int64 scalar, 0 for bytes of no known format."""
    return tf.switch_case(
        kind(contents),
        [
            lambda: tf.constant(0, tf.int64),
            lambda: _jpeg_pixels(contents),
            lambda: _png_pixels(contents),
            lambda: _bmp_pixels(contents),
            lambda: _gif_pixels(contents),
            lambda: _webp_pixels(contents),
        ],
    )


def png_has_alpha(contents: Any) -> Any:
    """Whether a PNG has an alpha channel (colour types 4 and 6) or transparent colours (chunk tRNS, before the pixels): bool scalar."""
    head = tf.strings.substr(contents, 0, _TRANSPARENCY_SEARCH_BYTES)
    before_pixels = tf.strings.split(head, sep=b"IDAT", maxsplit=1)[:1]
    transparent_colours = tf.size(tf.strings.split(before_pixels, sep=b"tRNS", maxsplit=1).flat_values) > 1
    return (_bytes(contents, 25, 1)[0] >= 4) | transparent_colours


def gif_first_frame(contents: Any) -> Any:
    """Cut a GIF after its first frame (the decoder would take memory for every frame): string scalar."""
    data = _gif_data(contents)
    frame = _gif_frame(data)
    end = _after_blocks(data, frame + 11 + _gif_palette_bytes(data[frame + 9]))
    return tf.strings.join([tf.strings.substr(contents, 0, end), b";"])


def webp_has_alpha(contents: Any) -> Any:
    """Whether a WebP has alpha by its extended header or else by that of its lossless image: bool scalar."""
    head = _bytes(contents, 20, 5)
    extended = _starts(contents, 12, b"VP8X") & (head[0] // 16 % 2 > 0)
    return extended | (_starts(contents, 12, b"VP8L") & (head[4] // 16 % 2 > 0))


def bmp_layout(contents: Any) -> tuple[Any, Any, Any]:
    """Read bits per pixel, and where the palette and the pixels start: int32 scalars."""
    head = _bytes(contents, 0, 32)
    fields = (_little(head[28:30]), 14 + _little(head[14:18]), _little(head[10:14]))
    bits, palette, start = (tf.cast(field, tf.int32) for field in fields)
    return bits, palette, start


def orientation(contents: Any) -> Any:
    """Read the EXIF orientation of a JPEG, 1 to 8, by default 1: int32 scalar."""
    head = tf.strings.substr(contents, 0, _EXIF_SEARCH_BYTES)
    pieces = tf.strings.split(head, sep=b"Exif\0\0", maxsplit=1)
    return tf.cond(tf.size(pieces) > 1, lambda: _tiff_orientation(pieces[1]), lambda: tf.constant(1))


def _tiff_orientation(tiff: Any) -> Any:
    """Look the tag up in the first image file directory: 12 bytes per entry, the tag first, a short value at byte 8."""
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
    """Read the height without its sign, which is negative where the rows run from top to bottom."""
    height = _little(data)
    return tf.where(height >= 2**31, 2**32 - height, height)


def _gif_pixels(contents: Any) -> Any:
    """Read height times width of the first frame: decoders do not keep to the size of the screen, earlier in the file."""
    data = _gif_data(contents)
    frame = _gif_frame(data)
    size = tf.cast(tf.reshape(data[frame + 5 : frame + 9], [4]), tf.int64)
    return _little(size[:2]) * _little(size[2:])


def _gif_data(contents: Any) -> Any:
    """Pad the bytes so that no field of the file's last block is behind the end: uint8 (n,)."""
    return tf.io.decode_raw(tf.strings.join([contents, _GIF_PADDING]), tf.uint8)


def _gif_frame(data: Any) -> Any:
    """Find the first image descriptor, behind the header, the palette and the extensions: int32 scalar."""
    start = 13 + _gif_palette_bytes(data[10])
    return tf.while_loop(lambda at: tf.equal(data[at], ord("!")), lambda at: [_after_blocks(data, at + 2)], [start])[0]


def _gif_palette_bytes(flags: Any) -> Any:
    flags = tf.cast(flags, tf.int32)
    return tf.where(flags >= 128, 3 * tf.bitwise.left_shift(2, flags % 8), 0)


def _after_blocks(data: Any, start: Any) -> Any:
    """Skip a chain of data blocks, each after its length and the last one empty; at most to the end of the file."""
    end = tf.size(data) - len(_GIF_PADDING)
    last = tf.while_loop(
        lambda at: (at < end) & (data[at] > 0), lambda at: [at + 1 + tf.cast(data[at], tf.int32)], [start]
    )
    return tf.minimum(last[0] + 1, end)


def _webp_pixels(contents: Any) -> Any:
    head = _bytes(contents, 0, 30)
    extended = (_little(head[24:27]) + 1) * (_little(head[27:30]) + 1)
    bits = _little(head[21:25])
    lossless = (bits % 0x4000 + 1) * (bits // 0x4000 % 0x4000 + 1)
    lossy = (_little(head[26:28]) % 0x4000) * (_little(head[28:30]) % 0x4000)
    found = tf.constant(0, tf.int64)
    for value, magic in ((lossy, b"VP8 "), (lossless, b"VP8L"), (extended, b"VP8X")):
        found = tf.where(_starts(contents, 12, magic), value, found)
    return found


def _starts(contents: Any, offset: int, magic: bytes) -> Any:
    return tf.reduce_all(tf.equal(_bytes(contents, offset, len(magic)), list(magic)))


def _bytes(contents: Any, offset: int, length: int) -> Any:
    """Read `length` bytes from `offset` as int64; zeros where the file ends earlier."""
    head = tf.strings.substr(
        tf.strings.join([tf.strings.substr(contents, 0, offset + length), b"\0" * (offset + length)]), offset, length
    )
    return tf.reshape(_raw(head), [length])


def _raw(contents: Any) -> Any:
    return tf.cast(tf.io.decode_raw(contents, tf.uint8), tf.int64)


def _little(data: Any) -> Any:
    """Read bytes (…, n) as unsigned integers (…), least significant byte first."""
    return tf.reduce_sum(data * [256**i for i in range(data.shape[-1])], axis=-1)


def _big(data: Any) -> Any:
    return _little(data[..., ::-1])


def _either(data: Any, big_endian: Any) -> Any:
    return tf.where(big_endian, _big(data), _little(data))
