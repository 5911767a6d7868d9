"""The check of labels: which versions a label may name."""

from serving.server.errors import Code, ServingError
from serving.server.models.config import ModelConfig
from serving.server.models.served import ServedModel
from serving.server.models.versions import State


def check(config: ModelConfig, model: ServedModel | None, *, new_ones_on_any: bool) -> None:
    """Raise ServingError for a label on a version that is not available; `new_ones_on_any`: except for new labels."""
    for label, number in config.labels.items():
        if new_ones_on_any and (model is None or model.config.labels.get(label, number) == number):
            continue
        version = model.versions.get(number) if model else None
        if version is None or version.state is not State.AVAILABLE:
            raise ServingError(
                Code.FAILED_PRECONDITION,
                f"Request to assign label to version {number} of model {config.name}, which is not currently "
                "available for inference",
            )
