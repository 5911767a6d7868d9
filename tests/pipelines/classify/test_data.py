"""Reading as the flags say, and telling what was left out."""

from pathlib import Path

import pytest

from pipelines.classify import data
from pipelines.classify.config import Config
from tests.vision.pictures import encode, picture
from vision.datasets import Skipped


def _photos(folder: Path) -> Path:
    for name in ("cats", "dogs"):
        (folder / name).mkdir(parents=True)
        for number in range(6):
            (folder / name / f"{number}.png").write_bytes(encode(picture(seed=number + len(name)), "PNG"))
    return folder


@pytest.mark.parametrize(
    ("flags", "side"),
    [({}, 96), ({"size": 40}, 40), ({"model": "MobileNetV2"}, 224), ({"model": "MobileNetV2", "size": 64}, 64)],
)
def test_files_become_the_size_that_was_asked_for_or_the_networks(
    tmp_path: Path, flags: dict[str, object], side: int
) -> None:
    config = Config(data=str(_photos(tmp_path)), **flags)  # type: ignore[arg-type]
    assert data.read(config).shape == (side, side, 3)


def test_arrays_keep_their_size() -> None:
    assert data.read(Config(model="MobileNetV2")).shape == (8, 8, 3)


def test_what_was_left_out_is_told_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    images = data.read(Config())
    data.print_left_out(images)
    assert capsys.readouterr().out == ""
    broken = tuple(Skipped(f"{number}.jpg", "no image") for number in range(12))
    data.print_left_out(type(images)(**{**vars(images), "skipped": broken}))
    told = capsys.readouterr().out
    assert told.startswith("left out 12 of 1809 files:\n  0.jpg: no image\n")
    assert told.endswith("  9.jpg: no image\n  and 2 more, all in report.html\n")
