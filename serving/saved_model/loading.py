"""Loading a SavedModel into a session."""

import copy
import importlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from serving.saved_model import load_error
from serving.saved_model.session import LoadedModel

FRAGILE_OPS = frozenset(
    {
        "AvgPool3DGrad",
        "AvgPoolGrad",
        "Conv2D",
        "Conv2DBackpropFilter",
        "Conv3D",
        "Conv3DBackpropFilterV2",
        "DepthwiseConv2dNative",
        "DepthwiseConv2dNativeBackpropFilter",
        "FakeQuantWithMinMaxVarsPerChannel",
        "FakeQuantWithMinMaxVarsPerChannelGradient",
        "FusedPadConv2D",
        "LSTMBlockCell",
        "MaxPool3D",
        "QuantizedInstanceNorm",
    }
)
"""Ops whose CPU kernels end the process when their input has too few dimensions.

Found with TensorFlow 2.21 by running some 200 small graphs on inputs of every number of dimensions, each in a process of
its own; the other kernels among them answer or refuse.
"""


def load(
    path: Path,
    *,
    intra_op_threads: int = 0,
    inter_op_threads: int = 0,
    tags: Sequence[str] = ("serve",),
    usual_timeout_ms: int = 0,
    session_config: Any = None,
    few_runs: bool = False,
) -> LoadedModel:
    """Load the SavedModel folder `path` into its own session.

    `intra_op_threads`, `inter_op_threads`: 0 lets TensorFlow choose. `usual_timeout_ms`: time limit that
    most runs will have. `session_config`: a tf.compat.v1.ConfigProto to start from. `few_runs`: prepare each
    signature in one way instead of two, which takes half the time; each run may then take longer. TensorFlow Text is imported
    when the graph needs it. Raises FileNotFoundError when the folder holds no SavedModel, `LoadError` (a
    ValueError) when it cannot be loaded.
    """
    load_error.check_folder(path)
    import tensorflow as tf

    options = tf.compat.v1.ConfigProto()
    if session_config is not None:
        options.CopyFrom(session_config)
    options.intra_op_parallelism_threads = intra_op_threads or options.intra_op_parallelism_threads
    options.inter_op_parallelism_threads = inter_op_threads or options.inter_op_parallelism_threads
    try:
        try:
            session, meta_graph = _restored(path, tags, options)
        except Exception as error:
            if not load_error.is_unknown_op(error) or not _import_text():
                raise
            session, meta_graph = _restored(path, tags, options)
    except Exception as error:  # TensorFlow raises OSError, RuntimeError, KeyError and tf.errors for one broken folder
        raise load_error.explained(path, tags, error) from error
    # Copied, because a signature inside the meta graph keeps the whole graph definition in memory.
    signatures = {name: copy.deepcopy(signature) for name, signature in meta_graph.signature_def.items()}
    fragile = not FRAGILE_OPS.isdisjoint(_ops(meta_graph.graph_def))
    return LoadedModel(session, signatures, usual_timeout_ms=usual_timeout_ms, fragile=fragile, few_runs=few_runs)


def _restored(path: Path, tags: Sequence[str], options: Any) -> tuple[Any, Any]:
    """A new session with the graph and the weights of a SavedModel, and the meta graph that describes it."""
    import tensorflow as tf

    session = tf.compat.v1.Session(graph=tf.Graph(), config=options)
    try:
        with _quiet_deprecation():
            return session, tf.compat.v1.saved_model.loader.load(session, list(tags), str(path))
    except Exception:
        session.close()
        raise


def _ops(graph: Any) -> set[str]:
    """The ops of a graph definition and of its functions."""
    return {node.op for node in graph.node} | {
        node.op for function in graph.library.function for node in function.node_def
    }


def _import_text() -> bool:
    """Register the ops of TensorFlow Text; False when it is not installed."""
    try:
        importlib.import_module("tensorflow_text")
    except ImportError:
        return False
    return True


@contextmanager
def _quiet_deprecation() -> Iterator[None]:
    """Drop the warning that the version 1 loader is deprecated; it is the point of this module."""
    import tensorflow as tf

    def wanted(record: logging.LogRecord) -> bool:
        return "saved_model.loader_impl" not in record.getMessage()

    logger = tf.get_logger()
    logger.addFilter(wanted)
    try:
        yield
    finally:
        logger.removeFilter(wanted)
