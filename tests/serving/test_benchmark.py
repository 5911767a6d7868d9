"""The benchmark measures every exported form, and its percentiles are those of the times it took."""

import itertools
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from serving import benchmark, litert
from serving.bundle import warmup_requests


def use_clock(monkeypatch: pytest.MonkeyPatch, seconds: Iterator[float]) -> None:
    """Each reading of the clock gives the next number."""
    monkeypatch.setattr("serving.litert.runtime.time.perf_counter", lambda: next(seconds))


def test_timed_gives_median_p90_and_minimum_without_the_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    # Readings: the row's start, then start and end of each call; the first ten calls never ask how late it is.
    durations = [0.001 * n for n in range(1, 11)]
    pairs = itertools.chain.from_iterable((float(n), n + duration) for n, duration in enumerate(durations))
    use_clock(monkeypatch, itertools.chain([0.0], pairs))
    times = benchmark.timed(lambda: made.append(1), calls=10)
    assert len(made) == benchmark.WARM_UP_CALLS + 10
    # Of 1, 2, ... 10 ms, interpolated linearly: median 5.5, 90th percentile 1 + 0.9 x 9 = 9.1.
    assert times == pytest.approx({"median_ms": 5.5, "p90_ms": 9.1, "min_ms": 1.0, "calls": 10})


def test_a_slow_row_stops_after_ten_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    use_clock(monkeypatch, itertools.count(0.0, 2.0))
    assert benchmark.timed(lambda: None, calls=200)["calls"] == benchmark.FEWEST_CALLS


def test_every_form_is_measured(colour_run: Path) -> None:
    rows = list(benchmark.measure(colour_run, calls=3))
    assert [(row.form, row.batch, row.threads) for row in rows] == [
        ("SavedModel serving_default", 1, "all"),
        ("SavedModel tensor", 1, "all"),
        ("SavedModel tensor", 32, "all"),
        *((name, 1, threads) for name in sorted(litert.FORMS.values()) for threads in ("1", "2")),
    ]
    assert all(0 < row.min_ms <= row.median_ms <= row.p90_ms and row.calls == 3 for row in rows)
    assert rows[-1].bytes == (colour_run / "mobile" / "model_int8.tflite").stat().st_size
    assert rows[0].bytes == sum(path.stat().st_size for path in (colour_run / "export").rglob("*") if path.is_file())


@pytest.mark.parametrize("place", [".", "export", "export/1"])
def test_mobile_is_found_from_every_place(
    colour_run: Path, place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    benchmark.main([str(colour_run / place), "--calls", "1", "--json", str(tmp_path / "times.json")])
    about = json.loads((tmp_path / "times.json").read_text(encoding="utf-8"))
    assert len(about["rows"]) == 9
    assert about["cores"] >= 1
    assert about["versions"].keys() == {"tensorflow", "ai-edge-litert", "numpy"}
    printed = capsys.readouterr().out
    assert about["machine"] in printed
    assert "model_int8.tflite" in printed


def test_without_mobile_it_says_so(colour_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(colour_run / "export", tmp_path / "export")
    benchmark.main([str(tmp_path), "--calls", "1"])
    assert "There is no mobile/ folder beside export/" in capsys.readouterr().out


def test_the_bytes_are_those_of_the_warm_up_request(tmp_path: Path) -> None:
    image = np.zeros((12, 16, 3), np.uint8)
    assert benchmark.image_bytes(tmp_path, image).startswith(b"\x89PNG")
    tensor = {"images": np.zeros((1, 2), np.float32)}
    warmup_requests.write(
        tmp_path, [("tensor", tensor), ("serving_default", {"image_bytes": np.array([b"photo"], object)})]
    )
    assert benchmark.image_bytes(tmp_path, image) == b"photo"


def describe(folder: Path, **entry: int) -> None:
    (folder / "assets.extra").mkdir()
    (folder / "saved_model.pb").touch()
    (folder / "assets.extra" / "model.json").write_text(json.dumps({"format": 1, "input": entry}))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "holds no bundle; expected a run folder"),
        (["--calls", "0"], "--calls is 0; expected 1 or more"),
        (["--json", "/nowhere/at/all.json"], "the folder /nowhere/at does not exist; make it first"),
    ],
)
def test_wrong_use_is_answered_in_words(
    tmp_path: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        benchmark.main([str(tmp_path), *arguments])
    assert words in capsys.readouterr().err


def test_texts_are_measured_with_the_bundles_own_requests(word_run: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(word_run, tmp_path / "run")
    exported = copy / "export" / "1"
    asked = {"words": np.array([b"w1", b"w2"], object)}
    ids = {"token_ids": np.array([[1, 2], [3, 4], [5, 6]], np.int32)}
    warmup_requests.write(
        exported, [("serving_default", asked), ("tensor", ids), ("serving_default", {"words": np.zeros(1)})]
    )
    rows = list(benchmark.measure(copy, calls=2))
    assert [(row.form, row.batch, row.threads) for row in rows] == [
        *((f"SavedModel {name}", batch, "all") for name in ("serving_default", "tensor") for batch in (1, 32)),
        *((name, 1, threads) for name in sorted(litert.FORMS.values()) for threads in ("1", "2")),
    ]
    [one, many] = [inputs["token_ids"] for name, inputs in benchmark.text_requests(exported) if name == "tensor"]
    assert one.tolist() == [[1, 2]]
    assert many[[0, 1, 2, 3, 31]].tolist() == [[1, 2], [3, 4], [5, 6], [1, 2], [3, 4]]


def test_a_bundle_without_images_or_requests_is_refused(tmp_path: Path) -> None:
    describe(tmp_path, length=32)
    with pytest.raises(ValueError, match="takes no images and has no warm-up requests to be measured with; export it"):
        list(benchmark.measure(tmp_path))
