"""What every pipeline can be told: the sentence of a refused value, and the size of a tiny run."""

from dataclasses import dataclass, field

import pytest

from pipelines import flags
from pipelines.flags import RunFlags


def test_a_refused_value_is_named_with_what_is_expected() -> None:
    flags.check(True, "k", 3, "below 5")
    with pytest.raises(ValueError, match=r"^--k is 9; expected below 5$"):
        flags.check(False, "k", 9, "below 5")


@pytest.mark.parametrize(
    ("value", "limit"), [(None, None), ("", None), ("0", None), ("1", flags.TINY_EXAMPLES), ("yes", 64)]
)
def test_pipelines_tiny_limits_the_examples(
    monkeypatch: pytest.MonkeyPatch, value: str | None, limit: int | None
) -> None:
    if value is None:
        monkeypatch.delenv("PIPELINES_TINY", raising=False)
    else:
        monkeypatch.setenv("PIPELINES_TINY", value)
    assert flags.example_limit() == limit
    assert flags.tiny() is (limit is not None)


@dataclass(frozen=True, kw_only=True)
class Config(RunFlags):
    """Like a pipeline's."""

    data: str = "digits"
    size: int = 8
    look: bool = field(default=False, metadata=flags.MAY_DIFFER)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_the_seed_has_a_range(seed: int) -> None:
    with pytest.raises(ValueError, match=rf"^--seed is {seed}; expected 0 to 4294967295$"):
        Config(seed=seed)


def test_what_changes_no_number_may_differ_on_resume() -> None:
    assert flags.compared(Config()) == {"data", "seed", "size"}


def test_a_flag_without_effect_is_refused_by_name() -> None:
    flags.refuse([("--depth", False, "--model knn")])
    with pytest.raises(ValueError, match=r"^--folds does nothing with --model knn; leave one of them out$"):
        flags.refuse([("--depth", False, "--model knn"), ("--folds", True, "--model knn")])


def test_two_modes_are_refused() -> None:
    flags.one_of({"--check": True, "--suggest": None})
    with pytest.raises(ValueError, match=r"^--check and --suggest are two different things to do; give one of them$"):
        flags.one_of({"--check": True, "--resume": False, "--suggest": "photos"})
