"""The options of random changes to training images. Standard library only: pipelines nest them in their flags, as `--augment.*`."""

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Random changes to training images, drawn anew in each epoch; 0, or none, switches a kind off.

    With mixup or cutmix an image has two labels, so that the accuracy on training images is no longer comparable.
    """

    flip: bool = False
    """Mirror a random half of the images in even epochs and the other half in odd ones (arXiv 2404.00498); wrong for digits and text."""
    shift: float = 0.125
    """Move by up to this share of the side, 0 to 0.5; the border pixel fills the gap."""
    crop: float = 0.0
    """Cut out and enlarge a part: its area is 1 - crop to 1, its width to height 3/4 to 4/3 (arXiv 1409.4842), 0 to below 1."""
    rotate: float = 0.0
    """Turn by up to this many degrees to either side, 0 to 180; the border pixel fills the corners."""
    colour: float = 0.0
    """Change brightness, contrast and saturation, each by a factor of 1 - colour to 1 + colour, 0 to 1; hue stays."""
    erase: float = 0.0
    """Probability that a rectangle of 2 to 33 % of the area becomes noise (random erasing, arXiv 1708.04896), 0 to 1."""
    mixup: float = 0.0
    """Blend each image and its label with another's, by a share from Beta(mixup, mixup) (arXiv 1710.09412), 0 or more."""
    cutmix: float = 0.0
    """Paste a box of another image, of an area from Beta(cutmix, cutmix) (arXiv 1905.04899), 0 or more; with mixup, each batch has one."""
    policy: Literal["none", "randaugment"] = "none"
    """Two random operations for each image, on geometry or colour (after RandAugment, arXiv 1909.13719), or none."""

    def __post_init__(self) -> None:
        """Check the ranges; the messages name the flags."""
        _check(0 <= self.shift <= 0.5, "shift", self.shift, "0 to 0.5")
        _check(0 <= self.crop < 1, "crop", self.crop, "0 to below 1")
        _check(0 <= self.rotate <= 180, "rotate", self.rotate, "0 to 180 degrees")
        _check(0 <= self.colour <= 1, "colour", self.colour, "0 to 1")
        _check(0 <= self.erase <= 1, "erase", self.erase, "0 to 1")
        _check(0 <= self.mixup < math.inf, "mixup", self.mixup, "0 or more")
        _check(0 <= self.cutmix < math.inf, "cutmix", self.cutmix, "0 or more")


def _check(holds: bool, flag: str, found: float, expected: str) -> None:
    if not holds:
        raise ValueError(f"--augment.{flag} is {found}; expected {expected}")
