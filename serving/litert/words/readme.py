"""The README.md of mobile/ for word vectors: how to use the files."""

from collections.abc import Mapping, Sequence
from typing import Any

from serving.litert import parity as parity_table
from serving.litert.words.metadata import VOCABULARY

TEMPLATE = """# These word vectors on a phone

{size:,} words of {dimensions} dimensions, exported for LiteRT (formerly TensorFlow Lite). Only built-in operators, so no Flex
library is needed.

{table}

The columns of nearest words compare {compared} with the answers of the served model; the other numbers are of all
vectors.{served} `parity.json` holds the same numbers, and the time of one search on one thread of the machine that
exported. `{smallest}` is the smallest{share}. In int8 a number costs one byte and each word 20 bytes more, since its vector has a
scale of its own.

## What goes in and comes out

A word goes in as its id: its line in `{vocabulary}`, counted from 0 (`{first}` is 0). Words are spelled there as the training text was
prepared, so lower-case a word first where `{vocabulary}` is lower-case, and join the words of a phrase by `_`. A word that is not
there has no id, and so no answer: say so, an id outside the file is an error. The file is inside each `.tflite` too, as metadata.

Two signatures, both of `token_ids` int32 (1):

* `serving_default` searches. Out, in this order: `vectors` float32 (1, {dimensions}), `neighbour_ids` int32 (1, {neighbours}),
  `similarities` float32 (1, {neighbours}).
* `vectors` looks up. Out: `vectors` float32 (1, {dimensions}).

Similarities are cosines, falling; a word is not a neighbour of itself; id -1 means that there is none.

## Python

`pip install ai-edge-litert numpy`

```python
import numpy as np
from ai_edge_litert.interpreter import Interpreter

with open("{vocabulary}", encoding="utf-8", newline="\\n") as file:
    words = [line.removesuffix("\\n") for line in file]
ids = {{word: number for number, word in enumerate(words)}}
interpreter = Interpreter(model_path="model_int8.tflite")
search = interpreter.get_signature_runner("serving_default")

word = {example!r}
if word not in ids:
    raise SystemExit(f"{{word}} is not in the vocabulary")
found = search(token_ids=np.array([ids[word]], np.int32))
for number, similarity in zip(found["neighbour_ids"][0], found["similarities"][0]):
    if number >= 0:
        print(words[number], similarity)
```

## Android and iOS

docs/mobile.md of the project has the same in Kotlin and in Swift.
"""


def text(words: Sequence[str], parity: Mapping[str, Any]) -> str:
    """README.md for word vectors, from the vocabulary and the contents of parity.json."""
    size, compared = parity["words"], parity["n"]
    likeness = {
        "agreement": "same nearest word",
        "agreement_k": f"same {parity['neighbours']} nearest",
        "max_abs_delta": "largest difference of a vector's number",
    }
    return TEMPLATE.format(
        size=size,
        dimensions=parity["dimensions"],
        neighbours=parity["neighbours"],
        table=parity_table.table(parity, likeness),
        compared="every word" if compared == size else f"{compared:,} words, evenly spaced over the vocabulary,",
        served=_served(parity["reference"]["scores"]),
        **_smallest(parity["forms"]),
        vocabulary=VOCABULARY,
        first=words[0],
        example=words[0],
    )


def _smallest(forms: Mapping[str, Any]) -> dict[str, str]:
    best, whole = min(forms.values(), key=lambda form: form["bytes"]), forms["float32"]
    share = f", {best['bytes'] / whole['bytes']:.0%} of `{whole['file']}`" if best is not whole else ""
    return {"smallest": best["file"], "share": share}


def _served(scores: Mapping[str, float]) -> str:
    listed = ", ".join(f"{name} {value:.4f}" for name, value in scores.items())
    return f" The served vectors' own scores: {listed}." if listed else ""
