"""Teach a network to name what an image shows, from labelled images.

    python -m pipelines.classify --data photos --out runs/photos

`photos/` holds one sub-folder of images for each class (or train/, val/, test/ with such folders); a CSV file of path,label, an
.npz file, a folder with MNIST's idx files, keras:NAME or the built-in `digits` will do as well. `runs/photos/` receives export/1
(for serving), mobile/ (for phones), scores.json and report.html.

From pretrained weights, the head first and then, carefully, all of it:

    python -m pipelines.classify --data photos --model MobileNetV2 --weights imagenet --augment.flip
"""

from pipelines.classify.config import Config
from pipelines.classify.run import run

__all__ = ["Config", "run"]
