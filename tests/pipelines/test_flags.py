"""What every pipeline can be told: the sentence of a refused value, and the size of a tiny run."""

import pytest

from pipelines import flags


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
