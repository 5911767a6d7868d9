"""The version policies of TensorFlow Serving's ModelConfig: which versions in a base path are served."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from serving.server.models import version_folders

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Latest:
    """The highest versions in the base path."""

    number: int = 1
    """How many; 0 counts as 1, as in TensorFlow Serving."""


@dataclass(frozen=True)
class All:
    """Every version in the base path."""


@dataclass(frozen=True)
class Specific:
    """These versions and no others."""

    versions: frozenset[int]


Policy = Latest | All | Specific


def find(policy: Policy, base_path: Path, *, warn: Callable[[str], None] = log.warning) -> dict[int, Path]:
    """Find the folders of the versions that a policy asks for, highest version first; empty when there are none.

    Raises FileNotFoundError when there is no such base path. `warn` is called for specific versions that are missing, and
    for two folders with the same number.
    """
    if isinstance(policy, Specific):
        return _specific(sorted(policy.versions, reverse=True), base_path, warn)
    found = version_folders.scan(base_path, warn=warn)
    numbers = sorted(found, reverse=True)
    if isinstance(policy, Latest):
        numbers = numbers[: max(policy.number, 1)]
    return {number: found[number] for number in numbers}


def nothing_found(policy: Policy, base_path: Path) -> FileNotFoundError:
    """Make the error for a base path in which `find` finds nothing."""
    if isinstance(policy, Specific):
        there = version_folders.listing(version_folders.scan(base_path))
        return FileNotFoundError(
            f"None of the specific versions {sorted(policy.versions, reverse=True)} was found under base path "
            f"'{base_path}'; it holds {there}. Put the folders there or name other versions."
        )
    if (base_path / "saved_model.pb").is_file():
        advice = f"It is itself a SavedModel: give the folder above, or move its content to '{base_path / '1'}'."
    else:
        advice = "Did you forget to name your leaf directory as a number (e.g. '/1/')?"
    return FileNotFoundError(f"No versions of the model were found under base path '{base_path}'. {advice}")


def _specific(numbers: list[int], base_path: Path, warn: Callable[[str], None]) -> dict[int, Path]:
    """Find specific versions: first by name, which is cheap among thousands, then padded ones (`00000123`)."""
    found = {number: base_path / str(number) for number in numbers if (base_path / str(number)).is_dir()}
    if len(found) == len(numbers):
        return found
    listed = version_folders.scan(base_path, warn=warn)
    for number in numbers:
        if number not in found and number not in listed:
            warn(
                f"Version {number} of the model in '{base_path}', which was requested to be served as a 'specific' "
                "version in the model's version policy, was not found in the file system"
            )
    return {n: found.get(n, listed.get(n, base_path)) for n in numbers if n in found or n in listed}
