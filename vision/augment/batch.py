"""Random changes to a batch of training images, in the graph."""

from typing import Any

from vision.augment import colour, draws, erase, geometry, mix, policy
from vision.augment.options import Augmentation


def augmented(images: Any, labels: Any, drawn: Any, augmentation: Augmentation) -> tuple[Any, Any]:
    """Change images and their labels by `augmentation` and the random numbers `drawn`: place, colour, erasing, then mixing.

    images: uint8 (batch, height, width, channels), height and width known. labels: float32 (batch, classes). drawn: the rows of
    `draws.draw` that belong to these images. Returns both with the same shape and dtype; the rows of labels sum to what they did.
    """
    parts = draws.named(drawn, augmentation)
    operations = policy.chosen(parts["policy"]) if "policy" in parts else None
    images = geometry.moved(images, parts, augmentation, operations)
    if operations is not None or "colour" in parts:
        images = colour.jittered(images, parts.get("colour"), reach=augmentation.colour, operations=operations)
    if "erase" in parts:
        images = erase.erased(images, parts["erase"], probability=augmentation.erase)
    return mix.mixed(images, labels, mixup=parts.get("mixup"), cutmix=parts.get("cutmix"), choice=parts.get("choice"))
