"""A SavedModel in a v1 session, as TensorFlow Serving runs it, and what is wrong with a broken one."""

from serving.saved_model.loading import FRAGILE_OPS, load
from serving.saved_model.names import INIT_SIGNATURE
from serving.saved_model.session import LoadedModel

__all__ = ["FRAGILE_OPS", "INIT_SIGNATURE", "LoadedModel", "load"]
