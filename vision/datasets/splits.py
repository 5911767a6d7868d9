"""Who trains, who chooses, who is scored: stratified, seeded, and never overlapping.

Three given parts are used as they are. With train and test only, 10 % of train chooses and the given test is scored. A single
part is split 60/20/20.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from vision.errors import DataError

Positions = NDArray[np.int64]


def roles(
    parts: Mapping[str, Positions], labels: Positions, *, classes: Sequence[str], seed: int
) -> tuple[Positions, Positions, Positions]:
    """Positions that train, that choose, and that are scored.

    parts: positions by `all`, or by `train` and `test`, or by `train`, `validation` and `test`. labels: (everything,).
    Raises DataError when a class is too small for the split, or absent from a given part.
    """
    for name, positions in parts.items():
        _check_present(name, labels[positions], classes=classes)
    if "all" in parts:
        return _split(parts["all"], labels, shares=(0.2, 0.2), classes=classes, seed=seed, what="a 60/20/20 split")
    if "validation" in parts:
        return parts["train"], parts["validation"], parts["test"]
    what = "holding back 10 % for validation"
    train, held_back, _ = _split(parts["train"], labels, shares=(0.1, 0.0), classes=classes, seed=seed, what=what)
    return train, held_back, parts["test"]


def fewest(labels: Positions, *, most: int, seed: int) -> Positions:
    """At most `most` positions, evenly over the classes (at least five of each, where there are as many)."""
    numbers = np.unique(labels)
    share = max(most // max(len(numbers), 1), 5)
    rng = np.random.default_rng([seed, 1])
    return np.sort(np.concatenate([rng.permutation(np.flatnonzero(labels == number))[:share] for number in numbers]))


def _check_present(part: str, labels: Positions, *, classes: Sequence[str]) -> None:
    missing = sorted(set(range(len(classes))) - set(np.unique(labels).tolist()))
    if missing:
        listed = ", ".join(repr(classes[number]) for number in missing[:5])
        where = "the data" if part == "all" else f"{part}/"
        raise DataError(f"no readable image of class {listed} in {where}; every class needs some in every part")


def _split(
    positions: Positions,
    labels: Positions,
    *,
    shares: tuple[float, float],
    classes: Sequence[str],
    seed: int,
    what: str,
) -> tuple[Positions, Positions, Positions]:
    rng = np.random.default_rng([seed, 0])
    needed = 1 + sum(share > 0 for share in shares)
    parts: tuple[list[Positions], list[Positions], list[Positions]] = ([], [], [])
    for number, name in enumerate(classes):
        members = rng.permutation(positions[labels[positions] == number])
        if len(members) < needed:
            raise DataError(
                f"class {name!r} has {len(members)} readable image(s); {what} needs at least {needed} in each class: "
                "add images, remove the class, or give train/, val/ and test/ folders"
            )
        first, second = (max(1, round(share * len(members))) if share else 0 for share in shares)
        cuts = [len(members) - first - second, len(members) - second]
        for part, chunk in zip(parts, np.split(members, cuts), strict=True):
            part.append(chunk)
    train, validation, test = (np.sort(np.concatenate(part)) for part in parts)
    return train, validation, test
