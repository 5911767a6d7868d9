"""Image bytes to pixels, by the same graph in training and in the exported model.

Reads JPEG (grey, CMYK), PNG (grey, palette, alpha, 16-bit), BMP, GIF and WebP (alpha). An animation gives its first frame (one in
WebP without alpha is refused). The EXIF orientation of a JPEG is applied; PNG and WebP alpha is blended onto white, as a viewer
shows it (TensorFlow gives the transparent pixels of a GIF as black). The size is read from the header first, so that a picture
above 64 megapixels is refused before any memory is taken for it.
"""

from typing import Any

import tensorflow as tf

from vision.decoding import headers

MAX_PIXELS = 64_000_000
"""Pictures with more pixels are refused."""
NO_IMAGE = "no image of a known format"
TOO_LARGE = f"larger than {MAX_PIXELS // 1_000_000} megapixels"
"""Words of the errors for contents that are not a picture, and for too large ones."""


def decode(contents: Any) -> Any:
    """Decode one picture.

    contents: string scalar, the bytes of the file. Returns uint8 (height, width, 3), RGB.
    Raises InvalidArgumentError for bytes that are not a picture, are cut off, or have more than `MAX_PIXELS` by their header.
    """
    kind = headers.kind(contents)
    checks = [
        tf.debugging.assert_greater(kind, headers.OTHER, message=f"{NO_IMAGE} (JPEG, PNG, BMP, GIF, WebP)"),
        tf.debugging.assert_less_equal(
            headers.pixels(contents), tf.constant(MAX_PIXELS, tf.int64), message=f"the image is {TOO_LARGE}"
        ),
    ]
    with tf.control_dependencies([check for check in checks if check is not None]):
        contents = tf.identity(contents)
    image = tf.switch_case(
        kind - 1,
        [
            lambda: _decode_jpeg(contents),
            lambda: _decode_png(contents),
            lambda: _decode_bmp(contents),
            lambda: _decode_gif(contents),
            lambda: _decode_webp(contents),
        ],
    )
    return tf.ensure_shape(image, [None, None, 3])


def decode_sized(contents: Any, *, height: int, width: int, crop: bool = False) -> tuple[Any, Any]:
    """Decode one picture and bring it to a fixed size; also its own size.

    crop: cut to the shape of height to width about the centre before, instead of stretching.
    Returns uint8 (height, width, 3), bilinear, antialiased and rounded to whole values, so that a cached training image and the
    served one are equal; and int32 (2,), height and width before, upright. Errors as `decode`.
    """
    image = decode(contents)
    shown = _central(image, height=height, width=width) if crop else image
    resized = tf.image.resize(shown, [height, width], antialias=True)
    return tf.cast(tf.clip_by_value(tf.round(resized), 0.0, 255.0), tf.uint8), tf.shape(image)[:2]


def decode_resized(contents: Any, *, height: int, width: int, crop: bool = False) -> Any:
    """Decode one picture and bring it to a fixed size, as `decode_sized`."""
    return decode_sized(contents, height=height, width=width, crop=crop)[0]


def decode_batch(contents: Any, *, height: int, width: int, crop: bool = False) -> Any:
    """Decode a batch as `decode_resized`: string (batch,) to float32 (batch, height, width, 3), 0 to 255."""
    images = tf.map_fn(
        lambda item: decode_resized(item, height=height, width=width, crop=crop),
        contents,
        fn_output_signature=tf.TensorSpec([height, width, 3], tf.uint8),
    )
    return tf.cast(images, tf.float32)


def _central(image: Any, *, height: int, width: int) -> Any:
    """Cut out the largest part about the centre with sides as height to width; at least one pixel of each."""
    found = tf.shape(image, out_type=tf.int64)[:2]  # a thin picture times `height` is more than 32 bits hold
    shape = tf.stack([found[1] * height // width, found[0] * width // height])
    sides = tf.cast(tf.maximum(tf.minimum(found, shape), 1), tf.int32)
    top, left = tf.unstack((tf.shape(image)[:2] - sides) // 2)
    return tf.image.crop_to_bounding_box(image, top, left, sides[0], sides[1])


def _decode_jpeg(contents: Any) -> Any:
    image = tf.io.decode_jpeg(contents, channels=3)
    orientation = headers.orientation(contents)
    return tf.cond(orientation > 1, lambda: _upright(image, orientation), lambda: image)


def _upright(image: Any, orientation: Any) -> Any:
    """Undo the camera's turn: EXIF 5 to 8 are transposed; then 2, 3, 6, 7 mirrored and 3, 4, 7, 8 turned upside down."""
    image = tf.cond(orientation >= 5, lambda: tf.transpose(image, [1, 0, 2]), lambda: image)
    image = tf.cond(_one_of(orientation, 2, 3, 6, 7), lambda: tf.reverse(image, [1]), lambda: image)
    return tf.cond(_one_of(orientation, 3, 4, 7, 8), lambda: tf.reverse(image, [0]), lambda: image)


def _one_of(value: Any, *choices: int) -> Any:
    return tf.reduce_any(tf.equal(value, choices))


def _decode_png(contents: Any) -> Any:
    # Not always four channels: TensorFlow fills alpha with 1 instead of 255 for 1-bit pictures.
    return tf.cond(
        headers.png_has_alpha(contents),
        lambda: _on_white(tf.io.decode_png(contents, channels=4)),
        lambda: tf.io.decode_png(contents, channels=3),
    )


def _on_white(rgba: Any) -> Any:
    colour, opacity = tf.cast(rgba[..., :3], tf.float32), tf.cast(rgba[..., 3:], tf.float32) / 255.0
    return tf.cast(tf.round(colour * opacity + 255.0 * (1.0 - opacity)), tf.uint8)


def _decode_bmp(contents: Any) -> Any:
    bits, palette_start, pixels_start = headers.bmp_layout(contents)
    return tf.cond(
        bits > 8,
        lambda: tf.io.decode_bmp(contents, channels=0)[..., :3],
        lambda: _decode_palette_bmp(contents, palette_start, pixels_start),
    )


def _decode_palette_bmp(contents: Any, palette_start: Any, pixels_start: Any) -> Any:
    """Decode the palette indices that TensorFlow gives; the palette (blue, green, red, 0 per colour) is before the pixels."""
    index = tf.io.decode_bmp(contents, channels=0)[..., 0]
    # Clipped, because the error for a position behind the end quotes the whole file, in bytes that Python cannot decode.
    palette_start = tf.clip_by_value(palette_start, 0, tf.strings.length(contents))
    table = tf.io.decode_raw(tf.strings.substr(contents, palette_start, pixels_start - palette_start), tf.uint8)
    return tf.gather(tf.reshape(table, [-1, 4])[:, 2::-1], tf.cast(index, tf.int32))


def _decode_gif(contents: Any) -> Any:
    return tf.io.decode_image(headers.gif_first_frame(contents), channels=3, expand_animations=False)


def _decode_webp(contents: Any) -> Any:
    # The channels are always named: left to choose, TensorFlow 2.21 writes past its buffer for an animation without alpha,
    # which it refuses when asked for 3.
    def decoded(channels: int) -> Any:
        return tf.io.decode_image(contents, channels=channels, expand_animations=False)

    return tf.cond(headers.webp_has_alpha(contents), lambda: _on_white(decoded(4)), lambda: decoded(3))
