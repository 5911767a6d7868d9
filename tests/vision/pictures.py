"""Picture files for the tests: real ones by Pillow and OpenCV, and files by hand whose headers claim a size."""

import io
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

HEIGHT, WIDTH = 31, 40


def pixels(height: int = HEIGHT, width: int = WIDTH, channels: int = 3, seed: int = 0) -> NDArray[np.uint8]:
    """A smooth picture without any symmetry: uint8 (height, width, channels)."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 7, channels)).astype(np.uint8)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(smooth, np.uint8).reshape(height, width, channels)


def picture(mode: str = "RGB", **size: int) -> Any:
    """The smooth picture as a Pillow image of this mode."""
    if mode in ("RGBA", "LA"):
        return Image.fromarray(pixels(channels=4, **size)).convert(mode)
    return Image.fromarray(pixels(**size)).convert(mode)


def encode(image: Any, file_format: str, **options: Any) -> bytes:
    """A Pillow image as a file."""
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def samples() -> dict[str, bytes]:
    """One small file of every kind that is read, by name; `exact` in tests is all but the lossy ones."""
    colour, alpha, turned = picture(), picture("RGBA"), picture().rotate(180)
    deep = pixels().astype(np.uint16) * 256 + 255
    files = {
        "jpeg": encode(colour, "JPEG"),
        "jpeg_progressive": encode(colour, "JPEG", progressive=True),
        "jpeg_grey": encode(picture("L"), "JPEG"),
        "jpeg_cmyk": encode(picture("CMYK"), "JPEG"),
        "webp_lossy": encode(colour, "WEBP"),
        "webp_lossy_alpha": encode(alpha, "WEBP"),
        "webp_lossless": encode(colour, "WEBP", lossless=True),
        "webp_lossless_alpha": encode(alpha, "WEBP", lossless=True),
        "webp_animated_alpha": encode(alpha, "WEBP", lossless=True, save_all=True, append_images=[alpha.rotate(180)]),
        "png": encode(colour, "PNG"),
        "png_grey": encode(picture("L"), "PNG"),
        "png_grey_alpha": encode(picture("LA"), "PNG"),
        "png_palette": encode(picture("P"), "PNG"),
        "png_palette_transparent": encode(picture("P"), "PNG", transparency=bytes(range(256))),
        "png_transparent_colour": encode(colour, "PNG", transparency=tuple(int(v) for v in pixels()[3, 4])),
        "png_1_bit": encode(picture("1"), "PNG"),
        "png_alpha": encode(alpha, "PNG"),
        "png_16_bit": cv2.imencode(".png", deep[..., ::-1])[1].tobytes(),
        "png_16_bit_grey": cv2.imencode(".png", deep[..., 0])[1].tobytes(),
        "gif": encode(colour, "GIF"),
        "gif_animated": encode(colour, "GIF", save_all=True, append_images=[turned, colour], comment=b"!,;" * 300),
        "bmp": encode(colour, "BMP"),
        "bmp_grey": encode(picture("L"), "BMP"),
        "bmp_palette": encode(picture("P"), "BMP"),
        "bmp_32_bit": encode(alpha, "BMP"),
    }
    for name, file_format in (("jpeg", "JPEG"), ("png", "PNG"), ("gif", "GIF"), ("bmp", "BMP"), ("webp", "WEBP")):
        files[f"{name}_1x1"] = encode(picture(height=1, width=1), file_format)
    return files


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """Length, kind, data and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def claiming(width: int, height: int) -> dict[str, bytes]:
    """The beginnings of picture files that claim this size, by hand from the formats' specifications."""
    png = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    frame = struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes([1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0])
    scan = b"\xff\xda" + struct.pack(">HB", 12, 3) + bytes([1, 0, 2, 0, 3, 0, 0, 63, 0])
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    screen = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0, 0, 0)
    canvas = b"\0\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return {
        "png": png + bytes(100),
        "jpeg": b"\xff\xd8\xff\xc0" + frame + scan + bytes(100),
        "bmp": b"BM" + struct.pack("<IHHI", 0, 0, 0, 54) + info + bytes(100),
        "bmp_top_down": b"BM" + struct.pack("<IHHI", 0, 0, 0, 54) + info[:8] + struct.pack("<i", -height) + info[12:],
        "gif": screen + b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + bytes(100),
        "webp_extended": b"RIFF" + struct.pack("<I", 200) + b"WEBPVP8X" + struct.pack("<I", 10) + canvas + bytes(100),
    }


def claiming_webp(width: int, height: int) -> dict[str, bytes]:
    """The same for WebP's lossy and lossless forms, whose sides end at 16,383 and 16,384."""
    lossy = b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height)
    lossless = b"\x2f" + ((width - 1) | (height - 1) << 14).to_bytes(4, "little")
    start = b"RIFF" + struct.pack("<I", 200) + b"WEBP"
    return {
        "webp_lossy": start + b"VP8 " + struct.pack("<I", 180) + lossy + bytes(180),
        "webp_lossless": start + b"VP8L" + struct.pack("<I", 180) + lossless + bytes(180),
    }


def large_png(side: int) -> bytes:
    """A whole, valid, black 1-bit PNG: side x side pixels in a few kilobytes."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((1 + (side + 7) // 8) * side))
    chunks = (png_chunk(b"IHDR", header), png_chunk(b"IDAT", rows), png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def exif(orientation: int, *, order: str = "<", others: int = 3) -> bytes:
    """An EXIF block by hand (TIFF 6.0): `others` entries, then the orientation; order: "<" Intel, ">" Motorola."""
    entries = [struct.pack(f"{order}HHII", 0x0100 + i, 4, 1, 7) for i in range(others)]
    entries.append(struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0))
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8)
    return b"Exif\0\0" + head + struct.pack(f"{order}H", len(entries)) + b"".join(entries) + bytes(4)


def write_folder(folder: Path, counts: Mapping[str, int], *, first: int = 0) -> list[Path]:
    """Class folders of small PNG files, each file another picture (seeds from `first` on), in the order they are read."""
    written: list[Path] = []
    for name in sorted(counts):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(counts[name]):
            path = folder / name / f"{number:04}.png"
            path.write_bytes(encode(picture(height=10, width=12, seed=first + len(written)), "PNG"))
            written.append(path)
    return written
