"""A run folder whose bundle has the signature `explain`: an untrained network of two classes, 12 x 16 pixels."""

from pathlib import Path

import numpy as np

from serving import bundle
from tests.serving import colours
from vision import classifiers
from vision.datasets import Examples
from vision.signatures import classifier


def write(folder: Path) -> None:
    """Write the run folder; its model.json says nothing of how pictures are resized, as bundles of earlier versions."""
    _write(folder, crop=False)


def write_cropping(folder: Path) -> None:
    """Write the run folder of a model that cuts pictures, and whose model.json says so."""
    _write(folder, crop=True)


def _write(folder: Path, *, crop: bool) -> None:
    entry: dict[str, object] = {"height": colours.HEIGHT, "width": colours.WIDTH}
    model = classifiers.build("lenet", (colours.HEIGHT, colours.WIDTH, 3), classes=2, seed=0)
    pool, truth = colours.images(3)
    images = Examples(pool=pool, index=np.arange(3), labels=truth, names=("a[0]", "a[1]", "a[2]"))
    bundle.write(
        folder / "export",
        model,
        classifier.signatures(model, classes=("Käfer", "bee"), crop=crop),
        description={"task": "classify", "input": entry | ({"resize": "crop"} if crop else {})},
        proofs=[bundle.Proof(*proof) for proof in classifier.requests(model, images, classes=("Käfer", "bee"))],
    )
