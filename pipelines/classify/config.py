"""Config: every flag of classify with its sentence and range, and the flags that do not go together."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pipelines import flags
from pipelines.flags import MAY_DIFFER, RunFlags
from pipelines.training import options
from pipelines.training.options import TrainingOptions
from vision import spelling
from vision.augment.options import Augmentation

SMALL_MODELS = ("linear", "mlp", "lenet", "alexnet", "vgg", "nin", "inception", "resnet", "airbench")
"""Networks sized for small images."""
_BACKBONES = """
    MobileNet MobileNetV2 MobileNetV3Small MobileNetV3Large EfficientNetB0 EfficientNetB1 EfficientNetB2
    EfficientNetB3 EfficientNetB4 EfficientNetB5 EfficientNetB6 EfficientNetB7 EfficientNetV2B0
    EfficientNetV2B1 EfficientNetV2B2 EfficientNetV2B3 EfficientNetV2S EfficientNetV2M EfficientNetV2L
    ConvNeXtTiny ConvNeXtSmall ConvNeXtBase ConvNeXtLarge ConvNeXtXLarge ResNet50 ResNet101 ResNet152
    ResNet50V2 ResNet101V2 ResNet152V2 VGG16 VGG19 DenseNet121 DenseNet169 DenseNet201 NASNetMobile
    NASNetLarge Xception InceptionV3 InceptionResNetV2
"""
BACKBONES = tuple(_BACKBONES.split())
"""Networks of keras.applications."""
MODELS = ("knn", *SMALL_MODELS, *BACKBONES)
"""Names that `--model` takes."""
METRICS = ("accuracy",)
"""Columns of history.csv beside the loss."""
MONITOR = "val_accuracy"
"""The column that chooses the best epoch without --training.monitor."""


@dataclass(frozen=True, kw_only=True)
class Config(RunFlags):
    """The flags of one run."""

    data: str = "digits"
    """Folder of class folders, CSV file of path,label, folder of idx files, .npz file, keras:NAME, or the built-in `digits`."""
    model: str = "airbench"
    """Network: linear, mlp, lenet, alexnet, vgg, nin, inception, resnet, airbench, one of keras.applications by its name there, such
    as MobileNetV2, or knn, the nearest neighbours of the pixels (a baseline, which is scored and not exported)."""
    depth: int | None = None
    """Layers of resnet, 6n + 2; 14 when absent."""
    weights: str = "none"
    """What to start from: none, imagenet (a network of keras.applications; downloaded once), or a .weights.h5 file of such a network
    or of the same network, such as checkpoints/best.weights.h5 of an earlier run."""
    loss: Literal["softmax", "hinge"] = "softmax"
    """Cross-entropy of the softmax, or the multiclass hinge loss (with --model linear: a support vector machine)."""
    size: int | None = None
    """Side of the square image in pixels, 8 to 1024; when absent arrays keep their size, and files become 96, or what a network of
    keras.applications was designed for."""
    resize: Literal["stretch", "crop"] | None = None
    """How images of another shape become square: stretched, or cut to their central square; when absent cut for a network of
    keras.applications, as ImageNet's photographs were, and stretched for the others. Serving does the same."""
    augment: Augmentation = field(default_factory=Augmentation)
    """How training images are changed at random."""
    folds: int | None = None
    """Train this many times, each time choosing the epoch on another part of the training images, 2 or more; the scores are those of
    the best fold's network, and folds_accuracy_mean and _sd those of all."""
    average_folds: bool = False
    """Export the mean of all folds' answers as one network, which is as many times as slow, instead of the best fold's network."""
    find_learning_rate: bool = field(default=False, metadata=MAY_DIFFER)
    """Try rising learning rates for a hundred steps and suggest one, without training."""
    suggest: Path | None = field(default=None, metadata=MAY_DIFFER)
    """Folder of unlabelled images: list those that the finished run of --out is least certain of, to be labelled next."""
    training: TrainingOptions = field(default_factory=TrainingOptions)
    """How the weights are found."""

    def __post_init__(self) -> None:
        """Check the ranges; the messages name the flags."""
        super().__post_init__()
        _check_model(self.model)
        flags.check(self.size is None or 8 <= self.size <= 1024, "size", self.size, "8 to 1024 pixels")
        if self.depth is not None and self.model != "resnet":
            raise ValueError(
                f"--depth is {self.depth}, but --model {self.model} has no depth to choose; only resnet has"
            )
        if self.weights == "imagenet" and self.model not in BACKBONES:
            raise ValueError(
                f"--weights imagenet: there are none for --model {self.model}; choose a network of keras.applications, such as "
                "--model MobileNetV2, or --weights none"
            )
        if self.weights.lower() in ("none", "imagenet") and self.weights != self.weights.lower():
            raise ValueError(f"--weights {self.weights}: did you mean {self.weights.lower()}?")
        flags.check(self.folds is None or self.folds >= 2, "folds", self.folds, "2 or more")
        if self.average_folds and self.folds is None:
            raise ValueError("--average-folds needs --folds; for example --folds 5")
        if self.suggest is not None and self.out is None:
            raise ValueError(
                "--suggest needs --out, the folder of a finished run, whose network then judges the images"
            )
        options.check_monitor(self.training.monitor or MONITOR, METRICS)
        flags.one_of(_modes(self))
        flags.refuse(_pairs(self))


def _check_model(name: str) -> None:
    if name in MODELS:
        return
    nearest = spelling.nearest(name, MODELS, least=0.4)
    hint = f"; nearest: {', '.join(nearest)}" if nearest else ""
    known = f"knn, {', '.join(SMALL_MODELS)}, and those of keras.applications, such as MobileNetV2"
    raise ValueError(f"--model {name}: unknown model{hint}; known: {known}")


def _modes(config: Config) -> dict[str, bool]:
    """The flags that ask for something else than a new run, of which one can be given."""
    return {
        "--check": config.check,
        "--find-learning-rate": config.find_learning_rate,
        "--suggest": config.suggest is not None,
        "--resume": config.resume,
    }


def _pairs(config: Config) -> list[tuple[str, bool, str]]:
    """What is ignored, whether it was given, and beside which flag."""
    baseline, hinge = config.model == "knn", config.loss == "hinge"
    return [
        ("--weights", baseline and config.weights != "none", "--model knn"),
        ("--folds", baseline and config.folds is not None, "--model knn"),
        ("--loss hinge", baseline and hinge, "--model knn"),
        ("--find-learning-rate", baseline and config.find_learning_rate, "--model knn"),
        ("--training.label-smoothing", hinge and config.training.label_smoothing > 0, "--loss hinge"),
        ("--folds", config.folds is not None and config.check, "--check"),
        ("--folds", config.folds is not None and config.find_learning_rate, "--find-learning-rate"),
        ("--folds", config.folds is not None and config.suggest is not None, "--suggest"),
    ]
