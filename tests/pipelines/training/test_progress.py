"""Progress: one line an epoch in a log file; on a terminal also a bar, which never keeps the cursor hidden."""

import pytest

from pipelines.training.progress import ProgressBar

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


def _two_epochs(*, start: int = 0) -> None:
    with ProgressBar(epochs=2, steps=3, start=start) as bar:
        for epoch in range(start, 2):
            for batch in range(3):
                bar.on_train_batch_end(batch)
            bar.on_epoch_end(epoch, {"loss": 0.25, "val_accuracy": 0.98765})


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


def test_a_log_file_gets_one_line_an_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    _two_epochs()
    line = "loss 0.2500  val_accuracy 0.9877\n"
    assert capsys.readouterr() == (f"epoch 1/2  {line}epoch 2/2  {line}", "")


def test_long_lines_and_brackets_are_not_touched(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar(epochs=1, steps=1, start=0) as bar:
        bar.on_epoch_end(0, {f"metric_{number}": 1.0 for number in range(40)})
    assert capsys.readouterr().out == "epoch 1/1  " + "  ".join(f"metric_{n} 1.0000" for n in range(40)) + "\n"


@pytest.mark.parametrize(("start", "done"), [(0, "0/6"), (1, "3/6")])
def test_a_terminal_sees_the_steps_of_the_whole_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], start: int, done: str
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    _two_epochs(start=start)
    shown = capsys.readouterr().out
    assert done in shown
    assert "6/6" in shown
    assert "epoch 2/2  loss 0.2500" in shown


def test_the_cursor_is_back_after_an_interruption(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with pytest.raises(KeyboardInterrupt), ProgressBar(epochs=2, steps=3, start=0):
        raise KeyboardInterrupt
    shown = capsys.readouterr().out
    assert HIDE_CURSOR in shown
    assert shown.rindex(SHOW_CURSOR) > shown.rindex(HIDE_CURSOR)
