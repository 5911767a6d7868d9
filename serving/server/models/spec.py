"""The model and version that a call asks for."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSpec:
    """The model that a call asks for and, if named, one version or one label."""

    name: str
    version: int | None = None
    label: str | None = None

    def __str__(self) -> str:
        """Print as TensorFlow Serving prints a servable request."""
        return f"Latest({self.name})" if self.version is None else f"Specific({self.name}, {self.version})"
