"""pipelines.record.progress: a progress bar for a long step that reports the share it has done."""

import pytest

from pipelines.record import progress as record_progress


def test_a_share_done_is_a_bar_on_a_terminal_and_nothing_in_a_log_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with record_progress.shares("counting") as tell:
        tell(0.5)
    assert capsys.readouterr().out == ""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with record_progress.shares("counting") as tell:
        tell(0.25)
        tell(1.0)
    shown = capsys.readouterr().out
    assert "counting" in shown
    assert "100%" in shown
