"""The metadata inside a classifier's .tflite file: what the input wants and which label each output belongs to.

MediaPipe Tasks, ML Kit and Android Studio read it.
"""

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from serving.litert import metadata as litert_tables
from serving.litert.metadata import Table

LABELS = "labels.txt"


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """The description of an image classifier inside its .tflite file."""

    name: str
    description: str
    version: str
    width: int
    """Pixels of the input image."""
    height: int
    """Pixels of the input image."""
    labels: tuple[str, ...]
    """One per class, in the order of the output."""
    mean: float = 0.0
    """A float input wants (pixel - mean) / std of pixels 0..255; a uint8 input takes the pixels as they are."""
    std: float = 1.0
    """See mean."""


def attach(model: bytes, metadata: Metadata) -> bytes:
    """A .tflite model with the metadata and its label file inside; weights and operators stay as they are."""
    subgraph = Table("SubGraphMetadata", input_tensor_metadata=[_image(metadata)], output_tensor_metadata=[_scores()])
    root = litert_tables.described(
        name=metadata.name, description=metadata.description, version=metadata.version, subgraphs=[subgraph]
    )
    return litert_tables.attach(model, root, {LABELS: label_lines(metadata.labels)})


def label_lines(labels: Iterable[str]) -> str:
    """The label file's text: one label per line, in the order of the outputs."""
    return "".join(f"{label}\n" for label in labels)


def read(path: Path) -> Metadata:
    """The metadata of a .tflite image classifier.

    Raises ValueError when the file is not a .tflite model, or one without image metadata.
    """
    root = litert_tables.read(path)
    [subgraph] = root.tables("subgraph_metadata", "SubGraphMetadata")
    [image] = subgraph.tables("input_tensor_metadata", "TensorMetadata")
    [scores] = subgraph.tables("output_tensor_metadata", "TensorMetadata")
    size = image.table("content", "Content").table("content_properties", "ImageProperties")
    width, height = (size.table("default_size", "ImageSize").unsigned(side) for side in ("width", "height"))
    [unit] = image.tables("process_units", "ProcessUnit")
    normalization = unit.table("options", "NormalizationOptions")
    [file] = scores.tables("associated_files", "AssociatedFile")
    with zipfile.ZipFile(path) as archive:
        labels = tuple(archive.read(file.text("name")).decode().splitlines())
    return Metadata(
        name=root.text("name"),
        description=root.text("description"),
        version=root.text("version"),
        width=width,
        height=height,
        labels=labels,
        mean=normalization.floats("mean")[0],
        std=normalization.floats("std")[0],
    )


def _image(metadata: Metadata) -> Table:
    """The input tensor's metadata."""
    mean, std = metadata.mean, metadata.std
    size = Table("ImageSize", width=np.uint32(metadata.width), height=np.uint32(metadata.height))
    properties = Table("ImageProperties", color_space=litert_tables.RGB, default_size=size)
    normalization = Table("NormalizationOptions", mean=(mean,), std=(std,))
    return Table(
        "TensorMetadata",
        name="image",
        description=f"RGB image of {metadata.height} rows of {metadata.width} pixels",
        content=Table("Content", content_properties_type=litert_tables.IMAGE_PROPERTIES, content_properties=properties),
        process_units=[Table("ProcessUnit", options_type=litert_tables.NORMALIZATION_OPTIONS, options=normalization)],
        stats=Table("Stats", max=((255 - mean) / std,), min=((0 - mean) / std,)),
    )


def _scores() -> Table:
    """The output tensor's metadata."""
    features = Table("FeatureProperties")
    labels = Table(
        "AssociatedFile", name=LABELS, description="one label per class", type=litert_tables.TENSOR_AXIS_LABELS
    )
    return Table(
        "TensorMetadata",
        name="probability",
        description="probability of each class, sum 1",
        content=Table("Content", content_properties_type=litert_tables.FEATURE_PROPERTIES, content_properties=features),
        stats=Table("Stats", max=(1.0,), min=(0.0,)),
        associated_files=[labels],
    )
