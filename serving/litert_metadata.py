"""The metadata inside a .tflite file: what the input wants and which label each output belongs to.

MediaPipe Tasks, ML Kit and Android Studio read it. A .tflite file is a flatbuffer that lists named blobs; the blob
"TFLITE_METADATA" is a second flatbuffer (metadata_schema.fbs of TensorFlow Lite, identifier "M001"), and the label
file it names is appended to the .tflite as a zip archive, uncompressed. The packages that write it, tflite-support and
MediaPipe's metadata writers, do not run beside TensorFlow 2.21, so the few tables needed are packed here.
"""

import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flatbuffers
import flatbuffers.encode
import flatbuffers.number_types as numbers
import flatbuffers.packer
import flatbuffers.table
import numpy as np
from ai_edge_litert import schema_py_generated as schema

LABELS = "labels.txt"
MODEL_IDENTIFIER = b"TFL3"
METADATA_IDENTIFIER = b"M001"
METADATA_NAME = "TFLITE_METADATA"

# Each table's fields in slot order, as metadata_schema.fbs lists them; a union takes two slots, its type and its value.
# Trailing fields that are never written are left out: a reader takes them as absent.
FIELDS = {
    "ModelMetadata": (
        *("name", "description", "version", "subgraph_metadata"),
        *("author", "license", "associated_files", "min_parser_version"),
    ),
    "SubGraphMetadata": ("name", "description", "input_tensor_metadata", "output_tensor_metadata"),
    "TensorMetadata": (
        *("name", "description", "dimension_names", "content"),
        *("process_units", "stats", "associated_files"),
    ),
    "AssociatedFile": ("name", "description", "type"),
    "Content": ("content_properties_type", "content_properties"),
    "FeatureProperties": (),
    "ImageProperties": ("color_space", "default_size"),
    "ImageSize": ("width", "height"),
    "ProcessUnit": ("options_type", "options"),
    "NormalizationOptions": ("mean", "std"),
    "Stats": ("max", "min"),
}
# Values of the schema's enums (byte) and of its unions' types (ubyte).
TENSOR_AXIS_LABELS = np.int8(2)
RGB = np.int8(1)
FEATURE_PROPERTIES, IMAGE_PROPERTIES = np.uint8(1), np.uint8(2)
NORMALIZATION_OPTIONS = np.uint8(1)
NUMBERS = {np.int8: numbers.Int8Flags, np.uint8: numbers.Uint8Flags, np.uint32: numbers.Uint32Flags}


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What an image classifier's .tflite file says about itself."""

    name: str
    description: str
    version: str
    width: int
    """Of the input image, in pixels."""
    height: int
    """Of the input image, in pixels."""
    labels: tuple[str, ...]
    """One a class, in the order of the output."""
    mean: float = 0.0
    """A float input wants (pixel - mean) / std of pixels 0..255; a uint8 input takes the pixels as they are."""
    std: float = 1.0
    """See mean."""


class _Table:
    """One table to be packed; fields by name, an absent field is left out."""

    def __init__(self, kind: str, /, **fields: Any) -> None:
        self.kind = kind
        self.fields = fields


class _Builder(flatbuffers.Builder):
    """A builder that starts byte vectors at multiples of 16.

    TFLite's schema asks for this (force_align: 16 on Buffer.data); generated Python code, and with it TensorFlow's
    own converter, forgets it, and kernels then read weights from odd addresses.
    """

    # The name is flatbuffers'.
    def StartVector(self, elemSize: int, numElems: int, alignment: int) -> Any:  # noqa: N802, N803
        return super().StartVector(elemSize, numElems, 16 if elemSize == 1 else alignment)


def attach(model: bytes, metadata: Metadata) -> bytes:
    """A .tflite model with the metadata and its label file inside; weights and operators stay as they are."""
    tree = schema.ModelT.InitFromPackedBuf(model, 0)
    tree.buffers.append(schema.BufferT(data=np.frombuffer(_packed(metadata), np.uint8)))
    tree.metadata = [*(tree.metadata or []), schema.MetadataT(name=METADATA_NAME, buffer=len(tree.buffers) - 1)]
    file = io.BytesIO(packed_model(tree, size=len(model)))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_STORED) as archive:
        # ZipInfo's fixed date keeps equal models equal byte for byte.
        archive.writestr(zipfile.ZipInfo(LABELS), label_lines(metadata.labels))
    return file.getvalue()


def packed_model(tree: Any, *, size: int) -> bytes:
    """The bytes of a schema.ModelT; `size` is about how many they will be."""
    builder = _Builder(size + 4096)
    builder.Finish(tree.Pack(builder), file_identifier=MODEL_IDENTIFIER)
    return bytes(builder.Output())


def label_lines(labels: Iterable[str]) -> str:
    """The label file's text: one label a line, in the order of the outputs."""
    return "".join(f"{label}\n" for label in labels)


def read(path: Path) -> Metadata:
    """The metadata of a .tflite image classifier.

    Raises ValueError when the file is no .tflite model, or one without image metadata.
    """
    root = _metadata_table(path)
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


def _packed(metadata: Metadata) -> bytes:
    """The metadata flatbuffer."""
    subgraph = _Table("SubGraphMetadata", input_tensor_metadata=[_image(metadata)], output_tensor_metadata=[_scores()])
    root = _Table(
        "ModelMetadata",
        name=metadata.name,
        description=metadata.description,
        version=metadata.version,
        subgraph_metadata=[subgraph],
        min_parser_version="1.0.0",
    )
    builder = flatbuffers.Builder(1024)
    builder.Finish(_pack(builder, root), file_identifier=METADATA_IDENTIFIER)
    return bytes(builder.Output())


def _image(metadata: Metadata) -> _Table:
    """The input tensor's metadata."""
    mean, std = metadata.mean, metadata.std
    size = _Table("ImageSize", width=np.uint32(metadata.width), height=np.uint32(metadata.height))
    properties = _Table("ImageProperties", color_space=RGB, default_size=size)
    normalization = _Table("NormalizationOptions", mean=(mean,), std=(std,))
    return _Table(
        "TensorMetadata",
        name="image",
        description=f"RGB image of {metadata.height} rows of {metadata.width} pixels",
        content=_Table("Content", content_properties_type=IMAGE_PROPERTIES, content_properties=properties),
        process_units=[_Table("ProcessUnit", options_type=NORMALIZATION_OPTIONS, options=normalization)],
        stats=_Table("Stats", max=((255 - mean) / std,), min=((0 - mean) / std,)),
    )


def _scores() -> _Table:
    """The output tensor's metadata."""
    features = _Table("FeatureProperties")
    labels = _Table("AssociatedFile", name=LABELS, description="one label a class", type=TENSOR_AXIS_LABELS)
    return _Table(
        "TensorMetadata",
        name="probability",
        description="probability of each class, sum 1",
        content=_Table("Content", content_properties_type=FEATURE_PROPERTIES, content_properties=features),
        stats=_Table("Stats", max=(1.0,), min=(0.0,)),
        associated_files=[labels],
    )


def _pack(builder: Any, table: _Table) -> int:
    """Writes a table, its children first as flatbuffers wants it, and returns its offset."""
    offsets = {name: _pack_value(builder, value) for name, value in table.fields.items()}
    names = FIELDS[table.kind]
    builder.StartObject(len(names))
    for name, value in table.fields.items():
        if isinstance(value, np.integer):
            builder.PrependSlot(NUMBERS[type(value)], names.index(name), int(value), 0)
        else:
            builder.PrependUOffsetTRelativeSlot(names.index(name), offsets[name], 0)
    return int(builder.EndObject())


def _pack_value(builder: Any, value: Any) -> int:
    """Writes what a field points to and returns its offset; numbers are stored in the table itself."""
    if isinstance(value, np.integer):
        return 0
    if isinstance(value, str):
        return int(builder.CreateString(value))
    if isinstance(value, _Table):
        return _pack(builder, value)
    if isinstance(value, list):
        offsets = [_pack(builder, table) for table in value]
        builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            builder.PrependUOffsetTRelative(offset)
        return int(builder.EndVector())
    return int(builder.CreateNumpyVector(np.array(value, np.float32)))


class _Reader:
    """Reads one table's fields by name."""

    def __init__(self, kind: str, data: bytes, position: int) -> None:
        self.kind = kind
        self.raw = flatbuffers.table.Table(data, position)

    def _slot(self, field: str) -> int:
        offset = int(self.raw.Offset(4 + 2 * FIELDS[self.kind].index(field)))
        if not offset:
            raise ValueError(f"the metadata's {self.kind} lacks {field!r}; export the model again with this version")
        return offset

    def unsigned(self, field: str) -> int:
        return int(self.raw.Get(numbers.Uint32Flags, self.raw.Pos + self._slot(field)))

    def text(self, field: str) -> str:
        return bytes(self.raw.String(self.raw.Pos + self._slot(field))).decode()

    def floats(self, field: str) -> tuple[float, ...]:
        return tuple(map(float, self.raw.GetVectorAsNumpy(numbers.Float32Flags, self._slot(field))))

    def table(self, field: str, kind: str) -> "_Reader":
        return _Reader(kind, self.raw.Bytes, self.raw.Indirect(self.raw.Pos + self._slot(field)))

    def tables(self, field: str, kind: str) -> "list[_Reader]":
        slot = self._slot(field)
        start, count = self.raw.Vector(slot), self.raw.VectorLen(slot)
        return [_Reader(kind, self.raw.Bytes, self.raw.Indirect(start + 4 * i)) for i in range(count)]


def _metadata_table(path: Path) -> _Reader:
    """The root table of a file's metadata."""
    data = path.read_bytes()
    if data[4:8] != MODEL_IDENTIFIER:
        raise ValueError(f"{path} is no .tflite model: bytes 4 to 8 are {data[4:8]!r}, expected {MODEL_IDENTIFIER!r}")
    model = schema.Model.GetRootAs(data, 0)
    for entry in map(model.Metadata, range(model.MetadataLength())):
        if entry.Name() == METADATA_NAME.encode():
            packed = model.Buffers(entry.Buffer()).DataAsNumpy().tobytes()
            position = int(flatbuffers.encode.Get(flatbuffers.packer.uoffset, packed, 0))
            return _Reader("ModelMetadata", packed, position)
    raise ValueError(f"{path} carries no {METADATA_NAME}; expected a file that serving.litert.convert wrote")
