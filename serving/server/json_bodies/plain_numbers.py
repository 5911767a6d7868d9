"""The fast way for the commonest large body: one list of plain numbers, `{"instances": [[0.5, ...], ...]}`.

simdjson reads the list into one buffer, without a Python object for each number, but forgets where the inner lists
ended. So the shape is read off the skeleton of brackets and commas, which must be the skeleton of a regular array.
Every other body (with names, strings, ragged lists, NaN, text after the end, any mistake) gives None, and the ordinary
way through `text` and `tensor` reads it or reports what is wrong. Both ways make the same arrays.
"""

import contextlib
import math
import re
from typing import Any, NamedTuple

import numpy as np
import simdjson

from serving.server.json_bodies.element import MOST_DIMENSIONS, converted, dtype_of

S = rb"[ \t\r\n]*+"
NAME = S + rb'"signature_name"' + S + rb":" + S + rb'"([ !#-\[\]-~]*+)"' + S
HEAD = re.compile(S + rb"\{(?:" + NAME + rb",)?" + S + rb'"(instances|inputs)"' + S + rb":" + S + rb"(?=\[)")
OPENING = re.compile(rb"\[++")
TAIL = re.compile(S + rb"(?:," + NAME + rb")?\}" + S)
NOT_SKELETON = b"0123456789+-.eE \t\r\n"
BUFFERS = {"i": np.int64, "u": np.uint64, "d": np.float64}
"""simdjson's element types, the narrowest first: it refuses to read a decimal as an integer."""


class Numbers(NamedTuple):
    """A predict body that holds nothing but numbers, for a signature with one input."""

    signature_name: str
    """Empty for the default."""
    rows: bool
    """Whether the key was `instances` (a list of rows), else `inputs`."""
    shape: tuple[int, ...]
    flat: np.ndarray
    """All numbers in order: int64 or uint64 when none is a decimal, else float64."""

    def array(self, number: int, *, float16: bool = False) -> np.ndarray | None:
        """Convert to a TensorFlow data type; None when a number does not fit, so that the ordinary way reports why."""
        dtype = dtype_of(number, float16=float16)
        if dtype is None:
            return None
        flat = converted(self.flat, dtype)
        return None if flat is None else flat.reshape(self.shape)


def predict_body(body: bytes) -> Numbers | None:
    """Read a body; None when the ordinary way must read it."""
    head = HEAD.match(body)
    if head is None:
        return None
    start, end = head.end(), body.rfind(b"]") + 1
    tail = TAIL.fullmatch(body, end)
    if tail is None or (head[1] is not None and tail[1] is not None):
        return None
    text = body[start:end]
    flat = None if b'"' in text else _flat(text)  # text and pictures are not read twice
    shape = None if flat is None else _shape(text, flat.size)
    if flat is None or shape is None:
        return None
    name = (head[1] or tail[1] or b"").decode("ascii")
    return Numbers(signature_name=name, rows=head[2] == b"instances", shape=shape, flat=flat)


def _flat(text: bytes) -> np.ndarray | None:
    """Read the numbers of a JSON list, flattened; None when it is broken or holds anything else."""
    try:
        array: Any = simdjson.Parser().parse(text)  # a parser for each body: threads may not share one
        if b"." in text:
            return np.frombuffer(array.as_buffer(of_type="d"), np.float64)
    except (RuntimeError, TypeError, ValueError):
        return None
    for kind, dtype in BUFFERS.items():
        with contextlib.suppress(TypeError, ValueError):
            return np.frombuffer(array.as_buffer(of_type=kind), dtype)
    return None


def _shape(text: bytes, size: int) -> tuple[int, ...] | None:
    """Find the shape of a valid JSON list of `size` numbers; None when it is ragged, empty or too deep for an array."""
    rank = OPENING.match(text).end()  # type: ignore[union-attr]  # the text starts with a bracket
    if size == 0 or rank > MOST_DIMENSIONS:
        return None
    if text.find(b"[", rank) < 0:  # one inner list only
        closing = text[text.find(b"]") :].translate(None, NOT_SKELETON)
        return (1,) * (rank - 1) + (size,) if closing == b"]" * rank else None
    skeleton = text.translate(None, NOT_SKELETON)
    shape = _first_lengths(skeleton)
    return shape if math.prod(shape) == size and skeleton == _skeleton(shape) else None


def _first_lengths(skeleton: bytes) -> tuple[int, ...]:
    """Measure the first list of each level; the other lists are ignored."""
    rank = len(skeleton) - len(skeleton.lstrip(b"["))
    shape: list[int] = []
    inner = 0  # characters of an element of the list in hand: none for a number
    for level in reversed(range(rank)):
        closings = rank - level
        characters = skeleton.find(b"]" * closings) + closings - level
        shape.insert(0, (characters - 1) // (inner + 1))
        inner = characters
    return tuple(shape)


def _skeleton(shape: tuple[int, ...]) -> bytes:
    """Write the brackets and commas of a regular array, `[[,],[,]]` for (2, 2)."""
    text = b""
    for length in reversed(shape):
        text = b"[" + b",".join([text] * length) + b"]"
    return text
