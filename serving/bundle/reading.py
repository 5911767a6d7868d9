"""Finding a bundle, and its description."""

import json
from pathlib import Path
from typing import Any

FORMAT = 1
"""Version of model.json's layout."""


class BundleError(ValueError):
    """The bundle cannot be written or read, or does not answer as the model does."""


def find(path: Path) -> Path:
    """The newest bundle in a run folder, an export folder or a version folder. Raises BundleError."""
    for base in (path, path / "export"):
        if (base / "saved_model.pb").is_file():
            return base
        versions = [child for child in base.glob("*") if child.name.isdigit() and (child / "saved_model.pb").is_file()]
        if versions:
            return max(versions, key=lambda child: int(child.name))
    raise BundleError(
        f"{path} holds no bundle; expected a run folder, its export/, or a version folder with saved_model.pb"
    )


def read_description(folder: Path) -> dict[str, Any]:
    """The contents of model.json. Raises BundleError."""
    path = folder / "assets.extra" / "model.json"
    try:
        description: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BundleError(f"{path} cannot be read ({error}); expected the model.json that an export writes") from error
    if not isinstance(description, dict):
        raise BundleError(f"{path} holds no JSON object; expected the model.json that an export writes")
    if description.get("format") != FORMAT:
        raise BundleError(f"{path} has format {description.get('format')}; this version reads format {FORMAT}")
    return description
