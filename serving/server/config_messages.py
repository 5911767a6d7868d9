"""Configuration messages that TensorFlow Serving's Python package lacks, and the reader of text files.

Names and field numbers are those of tensorflow_serving/servables/tensorflow/session_bundle_config.proto,
tensorflow_serving/config/monitoring_config.proto and tensorflow_serving/config/ssl_config.proto. They are in a pool of
their own, so that they never collide with another package's copy of the same files.
"""

from pathlib import Path
from typing import Any, TypeVar

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format, wrappers_pb2

from serving.server.errors import Code, ServingError, invalid_argument

PACKAGE = "tensorflow.serving"

_FIELDS = {
    "BatchingParameters": {
        "max_batch_size": (1, "google.protobuf.Int64Value"),
        "batch_timeout_micros": (2, "google.protobuf.Int64Value"),
        "max_enqueued_batches": (3, "google.protobuf.Int64Value"),
        "num_batch_threads": (4, "google.protobuf.Int64Value"),
        "thread_pool_name": (5, "google.protobuf.StringValue"),
        "allowed_batch_sizes": (6, "repeated int64"),
        "pad_variable_length_inputs": (7, "bool"),
        "enable_large_batch_splitting": (8, "google.protobuf.BoolValue"),
        "max_execution_batch_size": (9, "google.protobuf.Int64Value"),
    },
    "PrometheusConfig": {"enable": (1, "bool"), "path": (2, "string")},
    "MonitoringConfig": {"prometheus_config": (1, f"{PACKAGE}.PrometheusConfig")},
    "SSLConfig": {
        "server_key": (1, "string"),
        "server_cert": (2, "string"),
        "custom_ca": (3, "string"),
        "client_verify": (4, "bool"),
    },
}

Message = TypeVar("Message")
"""A protocol buffer message; protobuf's classes are untyped."""


def read_text(path: Path, message: Message) -> Message:
    """Fill `message` from a text-format file and return it.

    Raises ServingError: NOT_FOUND when there is no such file, INVALID_ARGUMENT with file, line and column (from 1) when
    it is not the text of such a message.
    """
    name = message.DESCRIPTOR.full_name  # type: ignore[attr-defined]
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        column = error.start - error.object.rfind(b"\n", 0, error.start)
        raise invalid_argument(
            f"Error parsing text-format {name}: {path}:{line}:{column}: Expected UTF-8 text, found the byte "
            f"0x{error.object[error.start]:02x}. Save the file as UTF-8."
        ) from error
    except OSError as error:
        raise ServingError(Code.NOT_FOUND, f"{path}; {error.strerror}") from error
    try:
        text_format.Parse(text, message)
    except text_format.ParseError as error:
        line, column = error.GetLine() or 1, error.GetColumn() or 1
        why = str(error).removeprefix(f"{error.GetLine()}:{error.GetColumn()} : ")
        raise invalid_argument(f"Error parsing text-format {name}: {path}:{line}:{column}: {why}") from error
    return message


def _make_classes() -> dict[str, Any]:
    """Make the message classes, by name."""
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(_describe().SerializeToString())
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}")) for name in _FIELDS}


def _describe() -> Any:
    """Describe all messages as one .proto file."""
    file = descriptor_pb2.FileDescriptorProto(
        name="serving/config.proto", package=PACKAGE, syntax="proto3", dependency=["google/protobuf/wrappers.proto"]
    )
    for name, fields in _FIELDS.items():
        described = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            _describe_field(described.field.add(name=field, number=number), kind)
    return file


def _describe_field(field: Any, kind: str) -> None:
    """Set a field's label and type: `repeated int64`, a scalar type's name, or a message's full name."""
    field.label = field.LABEL_REPEATED if kind.startswith("repeated ") else field.LABEL_OPTIONAL
    kind = kind.removeprefix("repeated ")
    if "." in kind:
        field.type, field.type_name = field.TYPE_MESSAGE, f".{kind}"
    else:
        field.type = {"bool": field.TYPE_BOOL, "int64": field.TYPE_INT64, "string": field.TYPE_STRING}[kind]


_CLASSES = _make_classes()
BatchingParametersMessage: Any = _CLASSES["BatchingParameters"]
MonitoringConfig: Any = _CLASSES["MonitoringConfig"]
SSLConfig: Any = _CLASSES["SSLConfig"]
