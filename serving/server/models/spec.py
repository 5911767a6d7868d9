"""Which model, and which version of it, a call asks for."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSpec:
    """What a call asks for: a model and, if it says so, one version or one label."""

    name: str
    version: int | None = None
    label: str | None = None

    def __str__(self) -> str:
        """As TensorFlow Serving prints a servable request."""
        return f"Latest({self.name})" if self.version is None else f"Specific({self.name}, {self.version})"
