"""Metadata tables of a .tflite file: packed, attached with the files that they name, and read again.

A .tflite file is a flatbuffer that lists named blobs; the blob "TFLITE_METADATA" is a second flatbuffer
(metadata_schema.fbs of TensorFlow Lite, identifier "M001"), and the files it names are appended to the .tflite as a zip
archive, uncompressed. The packages that write it, tflite-support and MediaPipe's metadata writers, do not run beside
TensorFlow 2.21, so the few tables needed are packed here.
"""

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import flatbuffers
import flatbuffers.encode
import flatbuffers.number_types as numbers
import flatbuffers.packer
import flatbuffers.table
import numpy as np
from ai_edge_litert import schema_py_generated as schema

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
TENSOR_AXIS_LABELS, TENSOR_VALUE_LABELS, VOCABULARY = np.int8(2), np.int8(3), np.int8(5)
RGB = np.int8(1)
FEATURE_PROPERTIES, IMAGE_PROPERTIES = np.uint8(1), np.uint8(2)
NORMALIZATION_OPTIONS = np.uint8(1)
NUMBERS = {np.int8: numbers.Int8Flags, np.uint8: numbers.Uint8Flags, np.uint32: numbers.Uint32Flags}


class Table:
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


def described(
    *, name: str, description: str, version: str, subgraphs: Sequence[Table], min_parser_version: str = "1.0.0"
) -> Table:
    """The root table of a model with one table for each subgraph."""
    return Table(
        "ModelMetadata",
        name=name,
        description=description,
        version=version,
        subgraph_metadata=list(subgraphs),
        min_parser_version=min_parser_version,
    )


def attach(model: bytes, root: Table, files: Mapping[str, str]) -> bytes:
    """A .tflite model with the metadata and the files that it names inside; weights and operators stay as they are."""
    tree = schema.ModelT.InitFromPackedBuf(model, 0)
    tree.buffers.append(schema.BufferT(data=np.frombuffer(_packed(root), np.uint8)))
    tree.metadata = [*(tree.metadata or []), schema.MetadataT(name=METADATA_NAME, buffer=len(tree.buffers) - 1)]
    file = io.BytesIO(packed_model(tree, size=len(model)))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_STORED) as archive:
        for name, text in files.items():
            # ZipInfo's fixed date keeps equal models equal byte for byte.
            archive.writestr(zipfile.ZipInfo(name), text)
    return file.getvalue()


def packed_model(tree: Any, *, size: int) -> bytes:
    """The bytes of a schema.ModelT; `size` is about how many they will be."""
    builder = _Builder(size + 4096)
    builder.Finish(tree.Pack(builder), file_identifier=MODEL_IDENTIFIER)
    return bytes(builder.Output())


def _packed(root: Table) -> bytes:
    """The metadata flatbuffer."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(_pack(builder, root), file_identifier=METADATA_IDENTIFIER)
    return bytes(builder.Output())


def _pack(builder: Any, table: Table) -> int:
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
    if isinstance(value, Table):
        return _pack(builder, value)
    if isinstance(value, list):
        offsets = [_pack(builder, table) for table in value]
        builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            builder.PrependUOffsetTRelative(offset)
        return int(builder.EndVector())
    return int(builder.CreateNumpyVector(np.array(value, np.float32)))


class Reader:
    """Reads one table's fields by name. Raises ValueError for a field that is absent."""

    def __init__(self, kind: str, data: bytes, position: int) -> None:
        self.kind = kind
        self.raw = flatbuffers.table.Table(data, position)

    def _slot(self, field: str) -> int:
        offset = int(self.raw.Offset(4 + 2 * FIELDS[self.kind].index(field)))
        if not offset:
            raise ValueError(f"the metadata's {self.kind} lacks {field!r}; export the model again with this version")
        return offset

    def unsigned(self, field: str) -> int:
        """A uint32."""
        return int(self.raw.Get(numbers.Uint32Flags, self.raw.Pos + self._slot(field)))

    def text(self, field: str) -> str:
        """A string."""
        return bytes(self.raw.String(self.raw.Pos + self._slot(field))).decode()

    def floats(self, field: str) -> tuple[float, ...]:
        """A vector of float32."""
        return tuple(map(float, self.raw.GetVectorAsNumpy(numbers.Float32Flags, self._slot(field))))

    def table(self, field: str, kind: str) -> "Reader":
        """A table of the kind that is named."""
        return Reader(kind, self.raw.Bytes, self.raw.Indirect(self.raw.Pos + self._slot(field)))

    def tables(self, field: str, kind: str) -> "list[Reader]":
        """A vector of tables of the kind that is named."""
        slot = self._slot(field)
        start, count = self.raw.Vector(slot), self.raw.VectorLen(slot)
        return [Reader(kind, self.raw.Bytes, self.raw.Indirect(start + 4 * i)) for i in range(count)]


def read(path: Path) -> Reader:
    """The root table of a file's metadata. Raises ValueError when the file is not a .tflite model, or one without metadata."""
    data = path.read_bytes()
    if data[4:8] != MODEL_IDENTIFIER:
        raise ValueError(
            f"{path} is not a .tflite model: bytes 4 to 8 are {data[4:8]!r}, expected {MODEL_IDENTIFIER!r}"
        )
    model = schema.Model.GetRootAs(data, 0)
    for entry in map(model.Metadata, range(model.MetadataLength())):
        if entry.Name() == METADATA_NAME.encode():
            packed = model.Buffers(entry.Buffer()).DataAsNumpy().tobytes()
            position = int(flatbuffers.encode.Get(flatbuffers.packer.uoffset, packed, 0))
            return Reader("ModelMetadata", packed, position)
    raise ValueError(f"{path} carries no {METADATA_NAME}; expected a file that an export wrote")
