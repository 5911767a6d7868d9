"""Serve a SavedModel with the REST API of TensorFlow Serving.

    python -m serving --model_name=digits --model_base_path=runs/classify-1/export --rest_api_port=8501

The flags are those of `tensorflow_model_server`; `--help` lists them.
"""

import importlib.metadata
import sys
from collections.abc import Sequence

from serving.server.process.flags import FlagError, parse, usage


def main(arguments: Sequence[str]) -> int:
    """Run the server; the exit code."""
    try:
        flags = parse(arguments)
        if flags.help:
            print(usage())
            return 0
        if flags.version:
            print(f"Server: {_version('keras-applied-pipelines')}\nTensorFlow Library: {_version('tensorflow')}")
            return 0
        flags.check()
    except FlagError as error:
        print(error, file=sys.stderr)
        return 1
    from serving.server import errors
    from serving.server.process import service

    try:
        service.run(flags)
    except errors.StartError as error:
        print(f"Failed to start server. Error: {error}", file=sys.stderr)
        return 1
    return 0


def _version(package: str) -> str:
    """The installed version of a package, without importing it."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
