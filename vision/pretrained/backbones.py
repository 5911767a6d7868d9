"""Every network of `keras.applications`, without its top, as one layer, and the preprocessing that its weights were trained with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers

LAYER = "backbone"
"""Name of the layer that is a backbone inside a network."""
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's RGB pixels in 0 to 1."""
_MEAN_BGR = (103.939, 116.779, 123.68)
"""Of ImageNet's BGR pixels in 0 to 255, as Caffe's networks have them."""


@dataclass(frozen=True, kw_only=True)
class Backbone:
    """Facts about one network of `keras.applications`, from its documentation."""

    size: int
    """Side of the images its weights were trained on, in pixels."""
    smallest: int
    """Smallest side it takes."""
    preprocess: Callable[[Any], Any]
    """Pixels 0 to 255 to what it expects, in layers that become built-in LiteRT operations."""


def features(x: Any, *, name: str) -> Any:
    """Lead pixels 0 to 255 (batch, height, width, 3) to the last maps of the backbone (batch, h, w, channels), with random weights.

    name: a key of `BACKBONES`. Raises ValueError for images below its smallest size.
    """
    found, smallest = min(x.shape[1:3]), BACKBONES[name].smallest
    if found < smallest:
        raise ValueError(
            f"{name} takes images of {smallest} pixels or more per side, found {x.shape[1]}x{x.shape[2]}; "
            f"make them larger ({BACKBONES[name].size} is what it was designed for) or choose a smaller network"
        )
    x = BACKBONES[name].preprocess(x)
    whole = application(name, shape=tuple(x.shape[1:]), weights=None)
    # Wrapped to be named, since EfficientNetV2 picks its preprocessing, and others their weights, by the name they are given.
    return keras.Model(whole.input, whole.output, name=LAYER)(x)


def application(name: str, *, shape: tuple[int, ...], weights: str | None) -> keras.Model:
    """Build the network as `keras.applications` does, without its top."""
    return getattr(keras.applications, name)(include_top=False, weights=weights, input_shape=shape)


def nested(model: keras.Model) -> Any:
    """Find the backbone inside a network; None without one."""
    return next((layer for layer in model.layers if layer.name == LAYER), None)


def _within_one(x: Any) -> Any:
    """Scale pixels to -1 to 1."""
    return layers.Rescaling(1 / 127.5, offset=-1.0, name="rescale")(x)


def _standardised(x: Any) -> Any:
    """Scale pixels to mean 0 and deviation 1 over ImageNet, by channel."""
    scale = [1 / (255 * deviation) for deviation in _DEVIATION]
    offset = [-mean / deviation for mean, deviation in zip(_MEAN, _DEVIATION, strict=True)]
    return layers.Rescaling(scale, offset=offset, name="rescale")(x)


def _centred_bgr(x: Any) -> Any:
    """Put blue first, and shift to mean 0 over ImageNet by channel."""
    return layers.Rescaling(1.0, offset=[-mean for mean in _MEAN_BGR], name="rescale")(x[..., ::-1])


def _none(x: Any) -> Any:
    """Leave pixels as they are: the network has its own preprocessing."""
    return x


def _family(preprocess: Callable[[Any], Any], *, smallest: int = 32, **sizes: int) -> dict[str, Backbone]:
    return {name: Backbone(size=size, smallest=smallest, preprocess=preprocess) for name, size in sizes.items()}


BACKBONES: dict[str, Backbone] = {
    **_family(_within_one, MobileNet=224, MobileNetV2=224),
    **_family(_none, MobileNetV3Small=224, MobileNetV3Large=224),
    **_family(_none, EfficientNetB0=224, EfficientNetB1=240, EfficientNetB2=260, EfficientNetB3=300),
    **_family(_none, EfficientNetB4=380, EfficientNetB5=456, EfficientNetB6=528, EfficientNetB7=600),
    **_family(_none, EfficientNetV2B0=224, EfficientNetV2B1=240, EfficientNetV2B2=260, EfficientNetV2B3=300),
    **_family(_none, EfficientNetV2S=384, EfficientNetV2M=480, EfficientNetV2L=480),
    **_family(_none, ConvNeXtTiny=224, ConvNeXtSmall=224, ConvNeXtBase=224, ConvNeXtLarge=224, ConvNeXtXLarge=224),
    **_family(_centred_bgr, ResNet50=224, ResNet101=224, ResNet152=224, VGG16=224, VGG19=224),
    **_family(_within_one, ResNet50V2=224, ResNet101V2=224, ResNet152V2=224),
    **_family(_standardised, DenseNet121=224, DenseNet169=224, DenseNet201=224),
    **_family(_within_one, NASNetMobile=224, NASNetLarge=331),
    **_family(_within_one, smallest=71, Xception=299),
    **_family(_within_one, smallest=75, InceptionV3=299, InceptionResNetV2=299),
}
"""Every backbone by the name that `keras.applications` gives it."""
