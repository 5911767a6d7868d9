"""Options: every range is checked, in words that name the flag; PIPELINES_TINY shortens a run."""

import math
from typing import Any

import pytest

from pipelines import flags
from pipelines.training import options
from pipelines.training.options import TrainingOptions

NAN = float("nan")
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"epochs": 0}, "--training.epochs is 0; expected 1 or more"),
    ({"batch_size": 0}, "--training.batch-size is 0; expected 1 or more"),
    ({"learning_rate": 0.0}, "--training.learning-rate is 0.0; expected above 0"),
    ({"learning_rate": NAN}, "--training.learning-rate is nan; expected above 0"),
    ({"learning_rate": math.inf}, "--training.learning-rate is inf; expected above 0"),
    ({"momentum": 1.0}, "--training.momentum is 1.0; expected 0 to below 1"),
    ({"momentum": -0.1}, "--training.momentum is -0.1; expected 0 to below 1"),
    ({"weight_decay": -0.1}, "--training.weight-decay is -0.1; expected 0 or more"),
    (
        {"warmup_epochs": -1.0},
        "--training.warmup-epochs is -1.0; expected 0 to below --training.epochs, which is 8 or more",
    ),
    (
        {"epochs": 3, "warmup_epochs": 3.0},
        "--training.warmup-epochs is 3.0; expected 0 to below --training.epochs, which is 3",
    ),
    ({"l2": -1e-3}, "--training.l2 is -0.001; expected 0 or more"),
    ({"l2": math.inf}, "--training.l2 is inf; expected 0 or more"),
    ({"decay_factor": 0.0}, "--training.decay-factor is 0.0; expected above 0 and at most 1"),
    ({"decay_factor": 1.1}, "--training.decay-factor is 1.1; expected above 0 and at most 1"),
    ({"decay_epochs": 0.0}, "--training.decay-epochs is 0.0; expected above 0"),
    ({"head_epochs": -1}, "--training.head-epochs is -1; expected 0 to --training.epochs, which is 8 or more"),
    ({"epochs": 3, "head_epochs": 4}, "--training.head-epochs is 4; expected 0 to --training.epochs, which is 3"),
    ({"fine_tune_rate": 0.0}, "--training.fine-tune-rate is 0.0; expected above 0 and at most 1"),
    ({"oldest_rate": 0.0}, "--training.oldest-rate is 0.0; expected above 0 and at most 1"),
    ({"oldest_rate": 1.5}, "--training.oldest-rate is 1.5; expected above 0 and at most 1"),
    ({"label_smoothing": 1.0}, "--training.label-smoothing is 1.0; expected 0 to below 1"),
    ({"label_smoothing": -0.1}, "--training.label-smoothing is -0.1; expected 0 to below 1"),
    ({"clip_norm": 0.0}, "--training.clip-norm is 0.0; expected above 0"),
    ({"ema": 0.0}, "--training.ema is 0.0; expected above 0 and below 1"),
    ({"ema": 1.0}, "--training.ema is 1.0; expected above 0 and below 1"),
    ({"patience": 0}, "--training.patience is 0; expected 1 or more"),
]
EDGES: list[dict[str, Any]] = [
    {"epochs": 1},  # With the default warm-up of one epoch: `learning_rate` then warms up over half of it.
    {"batch_size": 1},
    {"momentum": 0.0},
    {"weight_decay": 0.0},
    {"warmup_epochs": 0.0},
    {"epochs": 3, "warmup_epochs": 2.9},
    {"label_smoothing": 0.0},
    {"l2": 0.0},
    {"decay_factor": 1.0, "decay_epochs": 1e-9},
    {"epochs": 3, "head_epochs": 3, "oldest_rate": 1.0},
    {"clip_norm": 1e-9, "ema": 1e-9, "patience": 1},
]


@pytest.mark.parametrize(("given", "message"), REFUSED, ids=[message.split(";")[0] for _, message in REFUSED])
def test_what_is_out_of_range_is_refused_by_its_flag(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}") as caught:
        TrainingOptions(**given)
    assert str(caught.value) == message


@pytest.mark.parametrize("given", EDGES, ids=str)
def test_the_ends_of_each_range_are_taken(given: dict[str, Any]) -> None:
    for name, value in given.items():
        assert getattr(TrainingOptions(**given), name) == value


@pytest.mark.parametrize("monitor", ["val_loss", "loss", "val_accuracy", "accuracy"])
def test_the_monitor_is_the_loss_or_a_metric(monitor: str) -> None:
    options.check_monitor(monitor, ["accuracy"])


@pytest.mark.parametrize("monitor", ["seconds", "val_map", "", "val_val_loss"])
def test_another_monitor_is_refused(monitor: str) -> None:
    with pytest.raises(ValueError, match=f"^--training.monitor {monitor}.*val_loss, val_accuracy, loss, accuracy"):
        options.check_monitor(monitor, ["accuracy"])


@pytest.mark.parametrize(
    ("value", "epochs", "examples"), [("1", 2, 64), ("yes", 2, 64), ("0", 30, None), ("", 30, None), (None, 30, None)]
)
def test_pipelines_tiny_means_two_epochs_on_64_examples(
    monkeypatch: pytest.MonkeyPatch, value: str | None, epochs: int, examples: int | None
) -> None:
    monkeypatch.delenv("PIPELINES_TINY", raising=False)
    if value is not None:
        monkeypatch.setenv("PIPELINES_TINY", value)
    assert (options.epoch_limit(30), flags.example_limit()) == (epochs, examples)
    assert options.epoch_limit(1) == 1


@pytest.mark.parametrize(
    ("epochs", "head_epochs", "whole", "tiny"),
    [(30, 0, 0, 0), (30, 1, 1, 1), (30, 29, 29, 1), (30, 30, 30, 2), (1, 1, 1, 1)],
)
def test_a_tiny_run_tries_the_head_epochs_and_those_after_them(
    monkeypatch: pytest.MonkeyPatch, epochs: int, head_epochs: int, whole: int, tiny: int
) -> None:
    how = TrainingOptions(epochs=epochs, head_epochs=head_epochs)
    monkeypatch.delenv("PIPELINES_TINY", raising=False)
    assert options.head_epoch_limit(how) == whole
    monkeypatch.setenv("PIPELINES_TINY", "1")
    assert options.head_epoch_limit(how) == tiny


@pytest.mark.parametrize(
    ("examples", "epochs"), [(50, 30), (1_000, 30), (22_500, 20), (45_000, 10), (54_000, 8), (10**7, 8)]
)
def test_epochs_that_nobody_named_follow_the_number_of_examples(examples: int, epochs: int) -> None:
    assert options.with_defaults(TrainingOptions(), examples=examples, pretrained=False).epochs == epochs
    assert options.with_defaults(TrainingOptions(epochs=3), examples=examples, pretrained=False).epochs == 3


@pytest.mark.parametrize(
    ("given", "pretrained", "head"), [(None, False, 0), (None, True, 10), (3, True, 3), (0, True, 0)]
)
def test_the_head_learns_first_where_there_is_a_pretrained_backbone(given: int, pretrained: bool, head: int) -> None:
    how = TrainingOptions(epochs=15, head_epochs=given)
    assert options.with_defaults(how, examples=50, pretrained=pretrained).head_epochs == head


@pytest.mark.parametrize(
    ("given", "pretrained", "settled"),
    [("auto", False, "auto"), ("auto", True, "float32"), ("bfloat16", True, "bfloat16")],
)
def test_a_pretrained_backbone_computes_as_precisely_as_it_learned(given: Any, pretrained: bool, settled: str) -> None:
    how = TrainingOptions(precision=given)
    assert options.with_defaults(how, examples=50, pretrained=pretrained).precision == settled
