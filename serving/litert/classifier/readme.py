"""The README.md beside the .tflite files: what goes in, what comes out, which file to take."""

from collections.abc import Mapping
from typing import Any

from serving.litert import parity as parity_table

TEMPLATE = """# This model on a phone

An image classifier with {classes} classes, exported for LiteRT (formerly TensorFlow Lite). Only built-in operators,
so no Flex library is needed.

{table}

Measured on {n} held-out images; the Keras model's own accuracy there is {keras:.4f}. `parity.json` holds the same
numbers, and the time of one image on one thread of the machine that exported. Start with `model_int8.tflite` if its
accuracy is enough: it is the smallest.

## What goes in and comes out

* Input: one RGB image of {height} rows of {width} pixels, shape (1, {height}, {width}, 3), values 0 to 255; scaling
  is inside the model. `model.tflite` and `model_float16.tflite` take float32, `model_int8.tflite` takes uint8.
* Output: float32, shape (1, {classes}): one probability per class, in the order of the lines of `labels.txt`.

## Python

`pip install ai-edge-litert numpy pillow`

```python
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image, ImageOps

interpreter = Interpreter(model_path="model_int8.tflite")
interpreter.allocate_tensors()
[entry], [answer] = interpreter.get_input_details(), interpreter.get_output_details()

image = ImageOps.exif_transpose(Image.open("photo.jpg")).convert("RGB")
image = {resized}
interpreter.set_tensor(entry["index"], np.asarray(image, entry["dtype"])[None])
interpreter.invoke()
probabilities = interpreter.get_tensor(answer["index"])[0]

with open("labels.txt", encoding="utf-8") as file:
    labels = file.read().splitlines()
print(labels[probabilities.argmax()], probabilities.max())
```

## MediaPipe Tasks

Each file carries its labels and input normalisation as metadata, so `ImageClassifier` of MediaPipe Tasks (Android, iOS,
web, Python) takes the file alone and answers with label names.{mediapipe}
"""
CROP = """ It stretches what it is given, but this model
was trained on the {part} of each picture, so give it that: crop the bitmap, or name it as region of interest
(`ImageProcessingOptions.builder().setRegionOfInterest(…)`)."""
"""The last sentence of a model whose bundle cuts pictures."""
LIKENESS = {"agreement": "agrees with Keras", "max_abs_delta": "largest difference of a probability"}


def text(model: Mapping[str, Any], parity: Mapping[str, Any]) -> str:
    """README.md for a classifier, from the bundle's model.json and the contents of parity.json."""
    height, width, crop = model["input"]["height"], model["input"]["width"], model["input"].get("resize") == "crop"
    part = "central square" if height == width else f"central part, {width} wide to {height} high,"
    resized = f"ImageOps.fit(image, ({width}, {height}))" if crop else f"image.resize(({width}, {height}))"
    return TEMPLATE.format(
        classes=len(model["labels"]),
        table=parity_table.table(parity, LIKENESS),
        n=parity["n"],
        keras=parity["reference"]["scores"]["accuracy"],
        height=height,
        width=width,
        resized=resized,
        mediapipe=CROP.format(part=part) if crop else "",
    )
