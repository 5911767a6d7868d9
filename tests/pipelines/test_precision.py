"""bfloat16: which processors have it, that the option ends with the training, and that the loss stays close to float32's."""

from pathlib import Path

import pytest
import tensorflow as tf

from pipelines import precision


@pytest.mark.parametrize(
    ("flags", "expected"), [("fpu avx512f avx512_bf16 gfni", True), ("amx_bf16", True), ("fpu avx2 avx512f", False)]
)
def test_the_processor_is_asked(tmp_path: Path, flags: str, expected: bool) -> None:
    (tmp_path / "cpuinfo").write_text(f"model name\t: any\nflags\t\t: {flags}\n")
    assert precision.supported(tmp_path / "cpuinfo") is expected
    assert not precision.supported(tmp_path / "absent")


def _option() -> bool:
    return bool(tf.config.optimizer.get_experimental_options().get(precision.REWRITE, False))


def test_the_option_lasts_as_long_as_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "supported", lambda: True)
    with precision.of_training("bfloat16"):
        assert _option()
    assert not _option()
    with pytest.raises(KeyboardInterrupt), precision.of_training("bfloat16"):
        raise KeyboardInterrupt
    assert not _option()
    with precision.of_training("float32"):
        assert not _option()


def test_another_processor_gets_a_note_and_float32(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(precision, "supported", lambda: False)
    with precision.of_training("bfloat16"):
        assert not _option()
    assert "bfloat16: this processor has none of amx_bf16, avx512_bf16; float32 it is" in capsys.readouterr().out
