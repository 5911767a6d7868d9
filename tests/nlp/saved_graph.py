"""What a written SavedModel is made of."""

from pathlib import Path


def operations(folder: Path) -> set[str]:
    """Names of all operations of the graph and its functions."""
    from tensorflow.core.protobuf import saved_model_pb2

    graph = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes()).meta_graphs[0].graph_def
    functions = [node.op for function in graph.library.function for node in function.node_def]
    assert functions
    return {node.op for node in graph.node} | set(functions)
