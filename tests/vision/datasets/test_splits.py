"""vision.datasets.splits: shares, strata and seeds, and that nobody is scored who has trained."""

import numpy as np
import pytest

from vision.datasets import splits
from vision.errors import DataError

CLASSES = ("ant", "bee", "cow")
Parts = dict[str, splits.Positions]


def labelled(*counts: int, seed: int = 0) -> splits.Positions:
    """So many labels of each class, shuffled."""
    return np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))


def sets(roles: tuple[splits.Positions, ...]) -> list[set[int]]:
    return [set(role.tolist()) for role in roles]


def test_one_part_is_split_60_20_20_in_every_class() -> None:
    labels = labelled(100, 50, 10)
    roles = splits.roles({"all": np.arange(160)}, labels, classes=CLASSES, seed=0)
    counts = [np.bincount(labels[role]).tolist() for role in roles]
    assert counts == [[60, 30, 6], [20, 10, 2], [20, 10, 2]]


@pytest.mark.parametrize("count", range(3, 30))
def test_small_classes_are_in_every_part(count: int) -> None:
    labels = labelled(count, 40)
    roles = splits.roles({"all": np.arange(len(labels))}, labels, classes=CLASSES[:2], seed=count)
    held_out = max(1, round(0.2 * count))
    assert [int((labels[role] == 0).sum()) for role in roles] == [count - 2 * held_out, held_out, held_out]
    assert all((labels[role] == 0).any() for role in roles)


def test_train_and_test_only_hold_back_a_tenth_of_train() -> None:
    labels = labelled(100, 50, 10)
    given = {"train": np.arange(0, 120), "test": np.arange(120, 160)}
    train, validation, test = splits.roles(given, labels, classes=CLASSES, seed=0)
    np.testing.assert_array_equal(test, given["test"])
    for number in range(3):
        whole = int((labels[:120] == number).sum())
        assert (labels[validation] == number).sum() == max(1, round(0.1 * whole))
    assert set(train) | set(validation) == set(range(120))


def test_three_given_parts_are_used_as_they_are() -> None:
    labels = np.tile([0, 1, 2], 6)
    given = {"train": np.arange(9)[::-1], "validation": np.arange(9, 12), "test": np.arange(12, 18)}
    roles = splits.roles(given, labels, classes=CLASSES, seed=0)
    for role, expected in zip(roles, given.values(), strict=True):
        np.testing.assert_array_equal(role, expected)


GIVEN: list[Parts] = [
    {"all": np.arange(160)},
    {"all": np.arange(0, 160, 2)},
    {"train": np.arange(100), "test": np.arange(100, 160)},
    {"train": np.arange(80), "validation": np.arange(80, 120), "test": np.arange(120, 160)},
]


@pytest.mark.parametrize("given", GIVEN, ids=lambda given: "+".join(given))
@pytest.mark.parametrize("seed", range(5))
def test_nobody_has_two_roles_and_everybody_has_one(given: Parts, seed: int) -> None:
    labels = labelled(100, 50, 10)
    roles = sets(splits.roles(given, labels, classes=CLASSES, seed=seed))
    assert sum(len(role) for role in roles) == len(set.union(*roles))
    assert set.union(*roles) == set(np.concatenate(list(given.values())).tolist())


def test_the_seed_decides() -> None:
    labels = labelled(100, 50, 10)
    first, again, other = (
        sets(splits.roles({"all": np.arange(160)}, labels, classes=CLASSES, seed=seed)) for seed in (0, 0, 1)
    )
    assert first == again
    assert first[2] != other[2]


@pytest.mark.parametrize(
    ("given", "counts", "message"),
    [
        ("all", (2, 9), r"class 'ant' has 2 readable image\(s\); a 60/20/20 split needs at least 3 in each class"),
        ("all", (9, 1), r"class 'bee' has 1 readable image\(s\); .*give train/, val/ and test/ folders"),
        ("train", (1, 9), r"class 'ant' has 1 readable image\(s\); holding back 10 % for validation needs at least 2"),
    ],
)
def test_classes_too_small_for_the_split(given: str, counts: tuple[int, ...], message: str) -> None:
    labels = np.concatenate([labelled(*counts), [0, 1]])
    here = np.arange(sum(counts))
    parts = {"all": here} if given == "all" else {"train": here, "test": np.arange(len(here), len(labels))}
    with pytest.raises(DataError, match=message):
        splits.roles(parts, labels, classes=CLASSES[:2], seed=0)


@pytest.mark.parametrize("part", ["all", "train", "validation", "test"])
def test_a_class_that_is_absent_from_a_part(part: str) -> None:
    labels = np.tile([0, 1, 2], 10)
    parts = {"train": np.arange(12), "validation": np.arange(12, 21), "test": np.arange(21, 30)}
    if part == "all":
        parts = {"all": np.arange(30)}
    parts[part] = parts[part][labels[parts[part]] != 1]
    where = "the data" if part == "all" else f"{part}/"
    with pytest.raises(DataError, match=f"no readable image of class 'bee' in {where}; every class needs some"):
        splits.roles(parts, labels, classes=CLASSES, seed=0)


def test_fewest_is_even_over_the_classes() -> None:
    labels = labelled(1000, 100, 10)
    chosen = splits.fewest(labels, most=60, seed=0)
    assert np.bincount(labels[chosen]).tolist() == [20, 20, 10]
    assert len(set(chosen.tolist())) == 50
    assert chosen.tolist() == sorted(chosen.tolist())
    np.testing.assert_array_equal(chosen, splits.fewest(labels, most=60, seed=0))
    assert set(chosen) != set(splits.fewest(labels, most=60, seed=1))


def test_fewest_keeps_five_of_each_class() -> None:
    labels = labelled(50, 50, 3)
    assert np.bincount(labels[splits.fewest(labels, most=6, seed=0)]).tolist() == [5, 5, 3]


def test_classes_absent_on_both_sides_are_named() -> None:
    labels = np.array([0, 0, 1, 1, 0, 0, 2, 2])
    parts = {"train": np.arange(4), "test": np.arange(4, 8)}
    words = (
        "no readable image of class 'cow' in train/ and of class 'bee' in test/; every class needs some in every part"
    )
    with pytest.raises(DataError, match=words):
        splits.roles(parts, labels, classes=CLASSES, seed=0)


def test_parts_with_the_same_class_names() -> None:
    splits.check_same_classes({"train": ["ant", "bee"], "test": ["bee", "ant"]}, where="photos")
    with pytest.raises(
        DataError, match="photos: the parts hold different classes: test lacks 'ant'; expected the same"
    ):
        splits.check_same_classes({"train": ["ant", "bee"], "test": ["bee"]}, where="photos")
