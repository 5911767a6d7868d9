"""The split into examples that train, that choose, and that are scored: stratified, seeded, and without overlap.

Three given parts are used as they are. With train and test only, 10 % of train choose and the given test is scored. A single
part is split 60/20/20.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from vision.errors import DataError

Positions = NDArray[np.int64]

PART_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""Common names of the parts, in lower case."""

_LISTED = 5


def roles(
    parts: Mapping[str, Positions], labels: Positions, *, classes: Sequence[str], seed: int
) -> tuple[Positions, Positions, Positions]:
    """Return the positions that train, that choose, and that are scored.

    parts: positions by `all`, or by `train` and `test`, or by `train`, `validation` and `test`. labels: (everything,).
    Raises DataError when a class is too small for the split, or absent from a given part.
    """
    _check_present(parts, labels, classes=classes)
    if "all" in parts:
        return _split(parts["all"], labels, shares=(0.2, 0.2), classes=classes, seed=seed, what="a 60/20/20 split")
    if "validation" in parts:
        return parts["train"], parts["validation"], parts["test"]
    what = "holding back 10 % for validation"
    train, held_back, _ = _split(parts["train"], labels, shares=(0.1, 0.0), classes=classes, seed=seed, what=what)
    return train, held_back, parts["test"]


def fewest(labels: Positions, *, most: int, seed: int) -> Positions:
    """Choose at most `most` positions, evenly over the classes (at least five of each, where there are as many)."""
    numbers = np.unique(labels)
    share = max(most // max(len(numbers), 1), 5)
    rng = np.random.default_rng([seed, 1])
    return np.sort(np.concatenate([rng.permutation(np.flatnonzero(labels == number))[:share] for number in numbers]))


def check_same_classes(names: Mapping[str, Collection[str]], *, where: str) -> None:
    """Raise DataError, naming what each part lacks, unless all parts (by their names in the data) hold the same class names."""
    everything = set().union(*names.values())
    lacking = {part: sorted(everything - set(found)) for part, found in names.items() if set(found) != everything}
    if lacking:
        differences = "; ".join(f"{part} lacks {_listed(missing)}" for part, missing in lacking.items())
        raise DataError(
            f"{where}: the parts hold different classes: {differences}; expected the same classes in every part"
        )


def _check_present(parts: Mapping[str, Positions], labels: Positions, *, classes: Sequence[str]) -> None:
    missing = {
        part: [name for number, name in enumerate(classes) if number not in present]
        for part, positions in parts.items()
        for present in [set(labels[positions].tolist())]
    }
    absent = " and ".join(
        f"of class {_listed(names)} in {'the data' if part == 'all' else f'{part}/'}"
        for part, names in missing.items()
        if names
    )
    if absent:
        raise DataError(f"no readable image {absent}; every class needs some in every part")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(map(repr, names[:_LISTED])) + more


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
